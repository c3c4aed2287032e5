// SPDX-License-Identifier: Apache-2.0

package overlay_test

import (
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/cnm/driver/overlay"
)

// One with limits reaches other hosts again after somebody has deleted its port,
// and after somebody has set down the link to it.
func TestLimitsAreSetAgain(t *testing.T) {
	_, hosts := underlay(t, "192.0.2.1", "192.0.2.2")
	var nets []cnm.Network
	for _, h := range hosts {
		s := spec("slow", 43)
		s.Options[linkspan.OptionEgress] = "20mbit"
		h.do(func() {
			must(t, h.DeleteNetwork(t.Context(), h.net.ID))
			nets = append(nets, h.Net(s))
		})
	}
	a, b := hosts[0].box("a", nets[0], 10), hosts[1].box("b", nets[1], 11)
	if want := (linkspan.Limits{Egress: 20 * linkspan.Megabit}); a.Endpoints[0].Limits != want {
		t.Errorf("limits are %s, want %s", a.Endpoints[0].Limits, want)
	}
	b.Serve(80)
	a.WantReach(b.Address(0), 80, "")
	port := kernel.Name(overlay.PortPrefix, a.Endpoints[0].ID)
	for name, harm := range map[string]func(netlink.Link) error{
		"lom-" + port[4:]:            netlink.LinkDel, // the port is its other end
		a.Endpoints[0].HostInterface: netlink.LinkSetDown,
	} {
		hosts[0].do(func() {
			link, err := netlink.LinkByName(name)
			must(t, err)
			must(t, harm(link))
		})
		a.WantCut(b.Address(0), 80)
		hosts[0].do(func() {
			_, err := hosts[0].Reconcile(t.Context(), cnm.Present{})
			must(t, err)
		})
		a.WantReach(b.Address(0), 80, "")
	}
}
