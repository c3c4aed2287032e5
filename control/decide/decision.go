// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// Verdict says what is to become of the packet.
type Verdict uint8

// The verdicts. The zero value drops the packet and leaves no trace.
const (
	Ignore Verdict = iota // drop this packet only
	Deny                  // drop it and, for a short time, those like it
	Allow                 // deliver it and plug the route between its ends
	Expire                // tell its source that its time is exceeded, where an ICMP error is allowed (RFC 1122, 3.2.2)
)

var verdictNames = [...]string{"ignore", "deny", "allow", "expire"}

// String returns the verdict in lower case.
func (v Verdict) String() string { return verdictNames[v] }

// Read is an endpoint record that a decision rests on; a nil Endpoint says
// that it rests on there being none.
type Read struct {
	Key      view.Key
	Endpoint *linkspan.Endpoint
}

// Decision is what Decide returns. Records are nil where they were not found
// or not looked for.
type Decision struct {
	Verdict     Verdict
	Reason      Reason
	Network     *linkspan.Network
	Source      *linkspan.Endpoint
	Destination *linkspan.Endpoint
	// Transport is how the packet gets to its destination's chassis, empty when
	// it was not chosen or there is no way; Way says why it is none better.
	Transport linkspan.Transport
	Way       Reason
	// Hop is the chassis that answers when the verdict is Expire.
	Hop *linkspan.Chassis
	// BySource and ByDestination say which addresses of the packet the
	// verdict rests on: a flow made from it must match those and no others.
	BySource, ByDestination bool

	reads [2]Read
	n     int
}

// Reads returns the endpoint records that the verdict rests on. It is a view
// of d. The verdict also rests on the network's record and, where both ends
// were found, on the transport between their chassis.
func (d *Decision) Reads() []Read { return d.reads[:d.n] }

// Holds says whether v still has every record that the verdict rests on, and
// still lacks what was missing.
func (d *Decision) Holds(v *view.View) bool {
	if d.Network != nil && v.Network(d.Network.ID) != d.Network {
		return false
	}
	if d.Destination != nil {
		t, why := Transport(v, d.Network, d.Source.Chassis, d.Destination.Chassis)
		if t != d.Transport || t == "" && why != d.Way {
			return false
		}
	}
	for i := range d.n {
		if v.Endpoint(d.reads[i].Key) != d.reads[i].Endpoint {
			return false
		}
	}
	return true
}

// Local says whether both ends are on one chassis.
func (d *Decision) Local() bool { return d.Source.Chassis == d.Destination.Chassis }

// rests notes an endpoint record under the verdict.
func (d *Decision) rests(key view.Key, e *linkspan.Endpoint) {
	d.reads[d.n] = Read{key, e}
	d.n++
}

// settle sets verdict and reason and reports that no more need be asked.
func (d *Decision) settle(v Verdict, r Reason) bool {
	d.Verdict, d.Reason = v, r
	return true
}
