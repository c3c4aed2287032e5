// SPDX-License-Identifier: Apache-2.0

package overlay_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/overlay"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// What another program has of the host is not taken, and who has it is said.
func TestOthersOnTheHost(t *testing.T) {
	for name, link := range map[string][]string{
		"the VNI":        {"id", "42", "dstport", "4789", "local", "192.0.2.1"},
		"the whole port": {"external", "dstport", "4789"},
	} {
		t.Run(name, func(t *testing.T) {
			_, hosts := underlay(t, "192.0.2.1")
			h := hosts[0]
			h.do(func() {
				ovstest.IP(t, append([]string{"link", "add", "theirs", "type", "vxlan"}, link...)...)
				ovstest.IP(t, "link", "set", "theirs", "up")
				e, err := h.NewEndpoint(t.Context(), cnm.EndpointSpec{Name: "c", Network: h.net.ID})
				must(t, err)
				s, err := h.NewSandbox(t.Context(), cnm.SandboxSpec{Name: "c"})
				must(t, err)
				join := cnm.JoinRequest{Network: h.net.ID, Endpoint: e.ID, SandboxKey: s.Key}
				_, err = h.Join(t.Context(), join)
				if linkspan.CodeOf(err) != linkspan.Conflict || !strings.Contains(linkspan.HintOf(err), "4789") {
					t.Errorf("got %v, hint %q", err, linkspan.HintOf(err))
				}
				ovstest.IP(t, "link", "delete", "theirs")
				_, err = h.Join(t.Context(), join)
				must(t, err)
			})
		})
	}
}

// Beside another VNI on the same port, and a tunnel on the next one, there is room.
func TestBesideOthers(t *testing.T) {
	_, hosts := underlay(t, "192.0.2.1", "192.0.2.2")
	for _, h := range hosts {
		h.do(func() {
			ovstest.IP(t, "link", "add", "theirs", "type", "vxlan", "id", "4097", "dstport", "4789", "local", h.local.String())
			ovstest.IP(t, "link", "set", "theirs", "up")
			ovstest.IP(t, "link", "add", "lsvx", "type", "vxlan", "id", "7000", "dstport", "4790", "local", h.local.String())
			ovstest.IP(t, "link", "set", "lsvx", "up")
		})
	}
	a, b := hosts[0].box("a", hosts[0].net, 10), hosts[1].box("b", hosts[1].net, 11)
	b.Serve(80)
	a.WantReach(b.Address(0), 80, "")
}

// A host that starts anew with another address makes its links anew.
func TestTheHostMoves(t *testing.T) {
	f, hosts := underlay(t, "192.0.2.1", "192.0.2.2")
	a, b := hosts[0].box("a", hosts[0].net, 10), hosts[1].box("b", hosts[1].net, 11)
	b.Serve(80)
	a.WantReach(b.Address(0), 80, "")
	options := hosts[0].options
	options.Local = netip.MustParseAddr("192.0.2.9")
	again := newDriver(t, options)
	hosts[0].do(func() {
		ovstest.IP(t, "address", "delete", "192.0.2.1/24", "dev", "up0")
		ovstest.IP(t, "address", "add", "192.0.2.9/24", "dev", "up0")
		must(t, again.Restore([]cnm.Network{hosts[0].net}, a.Endpoints))
		_, err := again.Sweep(t.Context(), func() []cnm.Endpoint { return a.Endpoints })
		must(t, err)
	})
	moved := []overlay.Peer{teller{f, options.Local}.peer(a.Endpoints[0]), teller{f, hosts[1].local}.peer(b.Endpoints[0])}
	hosts[1].do(func() { must(t, hosts[1].driver.SetPeers(t.Context(), 42, moved)) })
	a.WantReach(b.Address(0), 80, "")
}

// A container that sends in another's name is not sent what is for that one.
func TestNobodyTakesAnothersPlace(t *testing.T) {
	_, hosts := underlay(t, "192.0.2.1", "192.0.2.2")
	a, thief := hosts[0].box("a", hosts[0].net, 10), hosts[0].box("thief", hosts[0].net, 12)
	b := hosts[1].box("b", hosts[1].net, 11)
	b.Serve(80)
	a.WantReach(b.Address(0), 80, "")
	must(t, thief.Do(func() error {
		ovstest.IP(t, "link", "set", "eth0", "address", b.Endpoints[0].MAC.String())
		ovstest.IP(t, "neigh", "replace", "10.7.0.99", "lladdr", "02:00:00:00:00:99", "dev", "eth0")
		return nil
	}))
	thief.WantCut(netip.MustParseAddr("10.7.0.99"), 80) // what it tries is sent as b
	a.WantReach(b.Address(0), 80, "")
}
