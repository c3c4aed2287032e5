// SPDX-License-Identifier: Apache-2.0

package ovs_test

import (
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// TestJointsAndGuests joins the bridge to another one and to bridges of guests, twice each, and takes all
// away again.
func TestJointsAndGuests(t *testing.T) {
	host := ovstest.Start(t)
	home, err := ovs.Open(t.Context(), ovs.Config{Bridge: "br-home", RunDir: host.RunDir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(home.Close)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	guests := []ovs.Guest{{Bridge: "br-f0", Target: "tcp:127.0.0.1:6699", Note: "lab", Patches: []ovs.Patch{{Here: "here", There: "there"}}}}
	if err := home.SetGuests(t.Context(), guests); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("without a bridge: %v", err)
	}
	check(home.EnsureBridge(t.Context(), ovs.BridgeSpec{DPID: 1}))
	host.Vsctl("add-br", "br-far", "--", "set", "bridge", "br-far", "datapath_type=netdev")
	t.Cleanup(func() { host.Vsctl("del-br", "br-far") })
	joints := []ovs.Joint{{Here: ovs.Port{Name: "near"}, There: ovs.Port{Name: "far", OFPort: 77}}}
	for range 2 {
		check(home.AddJoints(t.Context(), "br-far", joints))
		check(home.SetGuests(t.Context(), guests))
	}
	if number := host.Vsctl("get", "interface", "far", "ofport"); number != "77" {
		t.Errorf("the far end is port %s", number)
	}
	if target := host.Vsctl("get-controller", "br-f0"); target != guests[0].Target {
		t.Errorf("the guest's controller is %s", target)
	}
	guests[0].Target, guests[0].Patches = "tcp:127.0.0.1:6698", nil
	check(home.SetGuests(t.Context(), guests))
	if ports := host.Vsctl("list-ports", "br-home"); ports != "near" {
		t.Errorf("ports are %s", ports)
	}
	check(home.DelJoints(t.Context(), "br-far", joints))
	check(home.DelJoints(t.Context(), "br-far", joints))
	check(home.RemoveBridge(t.Context()))
	check(home.SetGuests(t.Context(), nil))
	if bridges := host.Vsctl("list-br"); strings.Contains(bridges, "br-f0") || strings.Contains(bridges, "br-home") {
		t.Errorf("bridges are %s", bridges)
	}
}
