// SPDX-License-Identifier: Apache-2.0

package drivertest

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// Fixture is a driver in surroundings of its own.
type Fixture struct {
	Driver cnm.Driver
	// Restart returns a driver in the same surroundings, as a new process
	// would have it, before Restore.
	Restart func() cnm.Driver
	// Traces lists what the driver has made on the host, for a person to
	// read; none when all endpoints and networks are gone.
	Traces func() []string
	// Bare says that endpoints have no interface and no MAC.
	Bare bool
	// Remote says that options are refused in words of a plugin's, without a
	// code.
	Remote bool
	// Options are what a network needs of this driver; may be nil.
	Options map[string]string
}

// Network returns a network for the fixture's driver.
func (f Fixture) Network() cnm.Network {
	return cnm.Network{
		ID: "96fd0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab", Driver: "fixture",
		Fabric: 7, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24"),
		Gateway: netip.MustParseAddr("10.7.0.1"), Options: f.Options, Created: time.Unix(1, 0),
	}
}

// Endpoint returns the endpoint of number i, from 0 to 200.
func (Fixture) Endpoint(n cnm.Network, i int) cnm.Endpoint {
	return cnm.Endpoint{
		ID: fmt.Sprintf("%064x", i+1), Network: n.ID, State: cnm.Created, Created: time.Unix(2, 0),
		Address: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 7, 0, byte(i + 2)}), 24),
	}
}

// made creates network and endpoint.
func (f Fixture) made(t *testing.T, i int, mac linkspan.MAC) (cnm.Network, cnm.Endpoint) {
	t.Helper()
	n := f.Network()
	must(t, f.Driver.CreateNetwork(t.Context(), n))
	e := f.Endpoint(n, i)
	e.MAC = mac
	e, err := f.Driver.CreateEndpoint(t.Context(), n, e)
	must(t, err)
	return n, e
}

// joined creates and joins an endpoint.
func (f Fixture) joined(t *testing.T, i int) (cnm.Network, cnm.Endpoint) {
	t.Helper()
	n, e := f.made(t, i, linkspan.MAC{})
	e.SandboxKey = "/run/drivertest/none"
	a, err := f.Driver.Join(t.Context(), n, e)
	must(t, err)
	e.State, e.Attachment = cnm.Joined, &a
	return n, e
}

// removed takes back joined.
func (f Fixture) removed(t *testing.T, n cnm.Network, e cnm.Endpoint) {
	t.Helper()
	f.left(t, n, e)
	must(t, f.Driver.DeleteNetwork(t.Context(), n))
}

// left takes back joined but for the network.
func (f Fixture) left(t *testing.T, n cnm.Network, e cnm.Endpoint) {
	t.Helper()
	must(t, f.Driver.Leave(t.Context(), n, e))
	must(t, f.Driver.DeleteEndpoint(t.Context(), n, e))
}

func (f Fixture) wantNoTraces(t *testing.T) {
	t.Helper()
	if traces := f.Traces(); len(traces) > 0 {
		t.Errorf("left behind: %v", traces)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused says whether err is that an option was.
func (f Fixture) refused(err error) bool {
	return err != nil && (f.Remote || linkspan.CodeOf(err) == linkspan.Invalid)
}

// detached returns a context for clean-ups, in which that of the test has ended.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), Patience)
}
