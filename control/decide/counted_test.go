// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"net/netip"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// countedWorld has a and b in one network, and c in another.
func countedWorld(changes ...view.Change) *view.View {
	end := func(network linkspan.NetworkID, last byte, name string) view.Change {
		return view.PutEndpoint(&linkspan.Endpoint{
			Network: network, Address: netip.AddrFrom4([4]byte{10, byte(network), 0, last}), Chassis: 1, Port: uint32(last), MAC: linkspan.MAC{2}, Container: name,
		})
	}
	v, _ := new(view.View).Apply(append([]view.Change{
		view.PutChassis(&linkspan.Chassis{ID: 1, Name: "h1"}),
		view.PutNetwork(&linkspan.Network{ID: 1, Name: "one", Subnet: netip.MustParsePrefix("10.1.0.0/24")}),
		view.PutNetwork(&linkspan.Network{ID: 2, Name: "two", Subnet: netip.MustParsePrefix("10.2.0.0/24")}),
		end(1, 2, "a"), end(1, 3, "b"), end(2, 4, "c"),
	}, changes...)...)
	return v
}

// asked decides about a packet to a port of TCP, from who has that port of the chassis.
func asked(v *view.View, from, to *linkspan.Endpoint, port uint16) (d Decision) {
	p := Packet{Chassis: 1, Port: from.Port, Network: from.Network, Source: from.Address, Destination: to.Address, TTL: 64}
	p.Connection = Connection{Protocol: ProtocolTCP, DestinationPort: port}
	Decide(v, &p, &d)
	return d
}

// TestCounted: what a flow takes counts for one policy, and only for one that decides
// about all of it; of the packet itself it is known in any case.
func TestCounted(t *testing.T) {
	from := func(name string) []linkspan.Selector { return []linkspan.Selector{{Endpoint: name}} }
	tcp := func(first, last uint16) []linkspan.PolicyPorts {
		return []linkspan.PolicyPorts{{Protocol: linkspan.ProtocolTCP, First: first, Last: last}}
	}
	put := func(name string, action linkspan.PolicyAction, who []linkspan.Selector, ports []linkspan.PolicyPorts) view.Change {
		return view.PutPolicy(&linkspan.Policy{ID: linkspan.PolicyID(name[0]), Name: name, Action: action, From: who, Ports: ports})
	}
	const allow, deny, reject = linkspan.PolicyAllow, linkspan.PolicyDeny, linkspan.PolicyReject
	for name, c := range map[string]struct {
		changes         []view.Change
		to              byte
		class           string // of a tracked pair; whole: it is none
		by, there, back string
		reason          Reason
	}{
		"no policy":                              {nil, 3, "whole", "", "", "", SameNetwork},
		"one for all":                            {[]view.Change{put("p", allow, nil, nil)}, 3, "whole", "p", "p", "p", PolicyAllows},
		"one way":                                {[]view.Change{put("p", allow, from("a"), nil)}, 3, "whole", "p", "p", "", PolicyAllows},
		"each its way":                           {[]view.Change{put("p", allow, from("a"), nil), put("q", allow, from("b"), nil)}, 3, "whole", "p", "p", "q", PolicyAllows},
		"two of one verdict":                     {[]view.Change{put("p", allow, from("a"), tcp(80, 80)), put("q", allow, from("a"), nil)}, 3, "whole", "p", "", "", PolicyAllows},
		"a port that none speaks of":             {[]view.Change{put("p", allow, from("a"), tcp(443, 443))}, 3, "whole", "", "", "", SameNetwork},
		"denied by one":                          {[]view.Change{put("p", deny, nil, nil)}, 3, "whole", "p", "p", "p", PolicyDenies},
		"denied by two":                          {[]view.Change{put("p", deny, nil, tcp(80, 80)), put("q", deny, nil, nil)}, 3, "whole", "p", "", "", PolicyDenies},
		"rejected":                               {[]view.Change{put("p", reject, nil, nil)}, 3, "whole", "p", "p", "p", PolicyRejects},
		"a class":                                {[]view.Change{put("p", allow, from("a"), tcp(80, 80))}, 4, "tcp/80", "p", "p", "p", PolicyAllows},
		"a class beside another of one verdict":  {[]view.Change{put("p", allow, from("a"), tcp(80, 81)), put("q", allow, from("a"), tcp(82, 95))}, 4, "tcp/80-81", "p", "p", "p", PolicyAllows},
		"a class that none speaks of":            {[]view.Change{put("p", allow, from("a"), tcp(443, 443))}, 4, "tcp/64-127", "", "", "", NotGrouped},
		"of a direction with two of one verdict": {[]view.Change{put("p", allow, from("a"), tcp(80, 80)), put("q", allow, from("a"), nil)}, 4, "tcp/80", "p", "p", "p", PolicyAllows},
	} {
		t.Run(name, func(t *testing.T) {
			v := countedWorld(c.changes...)
			a := v.Endpoint(view.Key{Network: 1, Address: netip.MustParseAddr("10.1.0.2")})
			var b *linkspan.Endpoint
			for e := range v.Endpoints() {
				if e.Port == uint32(c.to) {
					b = e
				}
			}
			d := asked(v, a, b, 80)
			class := "whole"
			if d.Tracked {
				class = d.Class.String()
			}
			there, back := d.Counted()
			if class != c.class || nameOf(d.Policy) != c.by || nameOf(there) != c.there || nameOf(back) != c.back || d.Reason != c.reason {
				t.Errorf("class %s by %q, counts %q and %q: %s", class, nameOf(d.Policy), nameOf(there), nameOf(back), d.Reason)
			}
		})
	}
}

func nameOf(p *linkspan.Policy) string {
	if p == nil {
		return ""
	}
	return p.Name
}

// TestWaitsForLabels: as long as it is not known of which container an endpoint is, its
// packets are dropped where a policy may decide otherwise, and only there.
func TestWaitsForLabels(t *testing.T) {
	put := func(id linkspan.PolicyID, action linkspan.PolicyAction, priority uint16, from, to linkspan.Selector, ports ...linkspan.PolicyPorts) view.Change {
		p := &linkspan.Policy{ID: id, Name: action.String(), Action: action, Priority: priority, Ports: ports}
		if !from.Equal(&linkspan.Selector{}) {
			p.From = []linkspan.Selector{from}
		}
		if !to.Equal(&linkspan.Selector{}) {
			p.To = []linkspan.Selector{to}
		}
		return view.PutPolicy(p)
	}
	var anyone linkspan.Selector
	db := linkspan.Selector{Labels: map[string]string{"app": "db"}}
	dbIn := func(network string) linkspan.Selector { return linkspan.Selector{Network: network, Labels: db.Labels} }
	const allow, deny = linkspan.PolicyAllow, linkspan.PolicyDeny
	tcp80 := linkspan.PolicyPorts{Protocol: linkspan.ProtocolTCP, First: 80, Last: 80}
	for name, c := range map[string]struct {
		changes []view.Change
		waits   bool
	}{
		"no policy":                                    {nil, false},
		"one without labels":                           {[]view.Change{put(1, allow, 0, anyone, linkspan.Selector{Network: "one"})}, false},
		"a deny by label":                              {[]view.Change{put(1, deny, 0, anyone, db)}, true},
		"of who sends":                                 {[]view.Change{put(1, deny, 0, db, anyone)}, true},
		"of one port":                                  {[]view.Change{put(1, deny, 0, anyone, db, tcp80)}, true},
		"an allow of what is allowed":                  {[]view.Change{put(1, allow, 0, anyone, db)}, false},
		"an allow of what is denied":                   {[]view.Change{put(1, deny, 0, anyone, linkspan.Selector{Network: "one"}), put(2, allow, 1, anyone, db)}, true},
		"behind one that decides":                      {[]view.Change{put(1, allow, 9, anyone, anyone), put(2, deny, 1, anyone, db)}, false},
		"of another network":                           {[]view.Change{put(1, deny, 0, anyone, dbIn("two"))}, false},
		"of that network":                              {[]view.Change{put(1, deny, 0, anyone, dbIn("one"))}, true},
		"whose other side is somebody else":            {[]view.Change{put(1, deny, 0, linkspan.Selector{Endpoint: "c"}, db)}, false},
		"by a name, which is known":                    {[]view.Change{put(1, deny, 0, anyone, linkspan.Selector{Endpoint: "c"})}, false},
		"one that only does what another does as well": {[]view.Change{put(1, deny, 0, anyone, linkspan.Selector{Network: "one"}), put(2, deny, 1, anyone, db)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			v := countedWorld(c.changes...)
			waiting := *v.Endpoint(view.Key{Network: 1, Address: netip.MustParseAddr("10.1.0.3")})
			waiting.Undescribed = true
			v, _ = v.Apply(view.PutEndpoint(&waiting))
			a, b := v.Endpoint(view.Key{Network: 1, Address: netip.MustParseAddr("10.1.0.2")}), v.Endpoint(view.KeyOf(&waiting))
			for _, d := range []Decision{asked(v, a, b, 80), asked(v, b, a, 80), Between(v, a, b)} {
				if waits := d.Verdict == Ignore && d.Reason == LabelsUnknown; waits != c.waits {
					t.Errorf("%s to %s: %s, %s", d.Source.Container, d.Destination.Container, d.Verdict, d.Reason)
				}
			}
			known := waiting
			known.Undescribed = false
			next, _ := v.Apply(view.PutEndpoint(&known))
			d := asked(v, a, b, 80)
			if d.Holds(next) {
				t.Error("the decision holds when the container is known")
			}
			if d := asked(next, a, next.Endpoint(view.KeyOf(b)), 80); d.Reason == LabelsUnknown {
				t.Error("it waits for labels that there are not")
			}
		})
	}
}

// TestWaitsForName: a policy that names a container waits for the name.
func TestWaitsForName(t *testing.T) {
	v := countedWorld(view.PutPolicy(&linkspan.Policy{ID: 1, Name: "p", Action: linkspan.PolicyDeny, To: []linkspan.Selector{{Endpoint: "h1/db.one"}}}))
	a := v.Endpoint(view.Key{Network: 1, Address: netip.MustParseAddr("10.1.0.2")})
	for text, c := range map[string]struct {
		network linkspan.NetworkID
		name    string
		waits   bool
	}{"no name": {1, "", true}, "another": {1, "b", false}, "elsewhere": {2, "", false}} {
		e := &linkspan.Endpoint{Network: c.network, Address: netip.AddrFrom4([4]byte{10, byte(c.network), 0, 9}), Chassis: 1, Port: 9, MAC: linkspan.MAC{2}, Container: c.name, Undescribed: true}
		next, _ := v.Apply(view.PutEndpoint(e))
		if d := Between(next, next.Endpoint(view.KeyOf(a)), e); (d.Reason == LabelsUnknown) != c.waits {
			t.Errorf("%s: %s", text, d.Reason)
		}
	}
}
