// SPDX-License-Identifier: Apache-2.0

package drivertest

import (
	"maps"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// Run runs the suite; open makes a fresh fixture for each of its tests.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Fixture)
	}{
		{"a whole life leaves nothing", wholeLife},
		{"every call may be repeated", repeated},
		{"what is not there can be removed", removeNothing},
		{"unknown options are refused", unknownOptions},
		{"a given MAC is kept", givenMAC},
		{"a chosen MAC is fit for use", chosenMAC},
		{"endpoints share nothing", manyEndpoints},
		{"a join that a crash cut short can be repeated", joinAgain},
		{"a new process takes over", takeOver},
		{"an internal network has no gateway", internal},
		{"leftovers are swept", swept},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

func wholeLife(t *testing.T, f Fixture) {
	n, e := f.joined(t, 0)
	if f.Bare {
		if e.Attachment.SrcName != "" || e.Attachment.Gateway.IsValid() {
			t.Errorf("attachment is %+v, want none", *e.Attachment)
		}
	} else if e.Attachment.SrcName == "" || len(e.Attachment.SrcName) > 15 || e.Attachment.DstPrefix == "" {
		t.Errorf("attachment is %+v, want names that a link can have", *e.Attachment)
	}
	f.removed(t, n, e)
	f.wantNoTraces(t)
}

func repeated(t *testing.T, f Fixture) {
	n, e := f.joined(t, 0)
	must(t, f.Driver.CreateNetwork(t.Context(), n))
	again, err := f.Driver.CreateEndpoint(t.Context(), n, e)
	must(t, err)
	if diff := cmp.Diff(e, again, cmpopts.EquateComparable(netip.Prefix{}, netip.Addr{})); diff != "" {
		t.Errorf("endpoint (-first +again):\n%s", diff)
	}
	a, err := f.Driver.Join(t.Context(), n, e)
	must(t, err)
	if diff := cmp.Diff(*e.Attachment, a, cmpopts.EquateComparable(netip.Prefix{}, netip.Addr{})); diff != "" {
		t.Errorf("attachment (-first +again):\n%s", diff)
	}
	f.removed(t, n, e)
	f.removed(t, n, e)
	f.wantNoTraces(t)
}

func removeNothing(t *testing.T, f Fixture) {
	n := f.Network()
	f.removed(t, n, f.Endpoint(n, 0))
	f.wantNoTraces(t)
}

func unknownOptions(t *testing.T, f Fixture) {
	n := f.Network()
	n.Options = maps.Clone(n.Options)
	if n.Options == nil {
		n.Options = make(map[string]string)
	}
	n.Options["drivertest.unknown"] = "1"
	if err := f.Driver.CreateNetwork(t.Context(), n); !f.refused(err) {
		t.Errorf("network: got %v, want it refused", err)
	}
	n = f.Network()
	must(t, f.Driver.CreateNetwork(t.Context(), n))
	e := f.Endpoint(n, 0)
	e.Options = map[string]string{"drivertest.unknown": "1"}
	if _, err := f.Driver.CreateEndpoint(t.Context(), n, e); !f.refused(err) {
		t.Errorf("endpoint: got %v, want it refused", err)
	}
	must(t, f.Driver.DeleteNetwork(t.Context(), n))
	f.wantNoTraces(t)
}

func givenMAC(t *testing.T, f Fixture) {
	if f.Bare {
		t.Skip("the endpoints of this driver have no MAC")
	}
	mac := linkspan.MAC{2, 0xaa, 0xbb, 0xcc, 0xdd, 1}
	if _, e := f.made(t, 0, mac); e.MAC != mac {
		t.Errorf("got %s, want %s", e.MAC, mac)
	}
}

func chosenMAC(t *testing.T, f Fixture) {
	if f.Bare {
		t.Skip("the endpoints of this driver have no MAC")
	}
	n, e := f.made(t, 0, linkspan.MAC{})
	if e.MAC[0]&3 != 2 {
		t.Errorf("got %s, want a locally administered unicast address", e.MAC)
	}
	want := f.Endpoint(n, 0)
	want.MAC, want.HostInterface, want.Port, want.Limits = e.MAC, e.HostInterface, e.Port, e.Limits
	if diff := cmp.Diff(want, e, cmpopts.EquateComparable(netip.Prefix{}, netip.Addr{})); diff != "" {
		t.Errorf("other fields were changed (-want +got):\n%s", diff)
	}
}

func manyEndpoints(t *testing.T, f Fixture) {
	seen := make(map[any]bool)
	var n cnm.Network
	var all []cnm.Endpoint
	for i := range 20 {
		var e cnm.Endpoint
		n, e = f.joined(t, i)
		all = append(all, e)
		for _, own := range []any{e.MAC, e.Attachment.SrcName, e.Port} {
			if seen[own] && own != uint32(0) && !f.Bare {
				t.Errorf("endpoint %d shares %v", i, own)
			}
			seen[own] = true
		}
	}
	for _, e := range all[1:] {
		f.left(t, n, e)
	}
	f.removed(t, n, all[0])
	f.wantNoTraces(t)
}

func joinAgain(t *testing.T, f Fixture) {
	n, e := f.joined(t, 0)
	e.State, e.Attachment = cnm.Created, nil // what the record says after a crash
	f.Driver = f.Restart()
	restore(t, f.Driver, n, e)
	_, err := f.Driver.Join(t.Context(), n, e)
	must(t, err)
	f.removed(t, n, e)
	f.wantNoTraces(t)
}

func takeOver(t *testing.T, f Fixture) {
	n, e := f.joined(t, 0)
	f.Driver = f.Restart()
	restore(t, f.Driver, n, e)
	_, other := f.joined(t, 1)
	if other.Port == e.Port && e.Port != 0 {
		t.Errorf("port %d was given twice", e.Port)
	}
	f.left(t, n, other)
	f.removed(t, n, e)
	f.wantNoTraces(t)
}

func restore(t *testing.T, driver cnm.Driver, n cnm.Network, e cnm.Endpoint) {
	t.Helper()
	if restorer, ok := driver.(cnm.Restorer); ok {
		must(t, restorer.Restore([]cnm.Network{n}, []cnm.Endpoint{e}))
	}
}

func internal(t *testing.T, f Fixture) {
	n := f.Network()
	n.Internal = true
	must(t, f.Driver.CreateNetwork(t.Context(), n))
	e, err := f.Driver.CreateEndpoint(t.Context(), n, f.Endpoint(n, 0))
	must(t, err)
	e.SandboxKey = "/run/drivertest/none"
	a, err := f.Driver.Join(t.Context(), n, e)
	must(t, err)
	if a.Gateway.IsValid() {
		t.Errorf("gateway is %s", a.Gateway)
	}
	f.removed(t, n, e)
}

func swept(t *testing.T, f Fixture) {
	sweeper, ok := f.Driver.(cnm.Sweeper)
	if !ok {
		t.Skip("this driver is no cnm.Sweeper")
	}
	_, kept := f.joined(t, 0)
	before := len(f.Traces())
	n, _ := f.joined(t, 1)
	removed, err := sweeper.Sweep(t.Context(), func() []cnm.Endpoint { return []cnm.Endpoint{kept} })
	must(t, err)
	if removed == 0 || len(f.Traces()) != before { // an endpoint may be several things
		t.Errorf("swept %d, left %v", removed, f.Traces())
	}
	f.removed(t, n, kept)
	f.wantNoTraces(t)
}
