// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"fmt"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/trust"
)

// overlay makes a network of that driver.
func (h *house) overlay(name, subnet string) linkspan.NetworkID {
	h.t.Helper()
	r, err := h.local().Networks.Create(h.t.Context(), connect.NewRequest(&apiv1.NetworkServiceCreateRequest{
		Network: &apiv1.Network{Name: name, Subnet: subnet, Driver: string(linkspan.Overlay)},
	}))
	h.must(err)
	id := linkspan.NetworkID(r.Msg.GetNetwork().GetId())
	h.eventually("network "+name+" is in the view", func() bool { return h.hub.View().Network(id) != nil })
	return id
}

// overlaid attaches an endpoint of an overlay and returns its address.
func (c host) overlaid(t *testing.T, network linkspan.NetworkID, container string, last byte) string {
	t.Helper()
	address, err := c.reserve(t.Context(), network, "", container)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.attach(t.Context(), overlaidEndpoint(network, address, container, last)); err != nil {
		t.Fatal(err)
	}
	return address
}

func overlaidEndpoint(network linkspan.NetworkID, address, container string, last byte) *apiv1.Endpoint {
	return &apiv1.Endpoint{
		Network: uint32(network), Address: address, Mac: fmt.Sprintf("02:42:0a:09:00:%02x", last),
		Driver: string(linkspan.Overlay), Container: container, Id: "e1d2c3" + container,
	}
}

// overlays is what a message says of overlays, as text.
func overlays(m *apiv1.ChassisServiceFollowResponse) string {
	var out []string
	for _, o := range m.GetOverlays() {
		words := []string{linkspan.NetworkID(o.GetNetwork()).String()}
		if o.GetWhole() {
			words = append(words, "whole")
		}
		for _, p := range o.GetPeers() {
			words = append(words, p.GetMac()[15:]+"@"+p.GetUnderlay())
		}
		for _, a := range o.GetRemoved() {
			words = append(words, "-"+a)
		}
		out = append(out, strings.Join(words, " "))
	}
	return strings.Join(out, "; ")
}

func hasOverlays(want string) func(*apiv1.ChassisServiceFollowResponse) bool {
	return func(m *apiv1.ChassisServiceFollowResponse) bool { return overlays(m) == want }
}

func TestFollowTellsOfOverlays(t *testing.T) {
	h := build(t)
	admin := h.user(trust.RoleAdmin)
	h1, h2, h3 := h.join("h1"), h.join("h2"), h.join("h3")
	wire := h.overlay("wire", "10.9.0.0/24")
	h1.overlaid(t, wire, "c1", 2)
	f1, f2, f3 := h1.follow(t, "192.0.2.1"), h2.follow(t, "192.0.2.2"), h3.follow(t, "192.0.2.3")
	f1.until(hasOverlays("000001 whole 02@192.0.2.1"))
	f3.next()
	c2 := h2.overlaid(t, wire, "c2", 3)
	f1.until(hasOverlays("000001 03@192.0.2.2"))
	f2.until(hasOverlays("000001 whole 02@192.0.2.1 03@192.0.2.2"))

	// Names are those of any network, and what is reached how can be asked.
	r, err := h1.Names.Resolve(t.Context(), connect.NewRequest(&apiv1.NameServiceResolveRequest{
		Questions: []*apiv1.NameQuestion{{Network: uint32(wire), Name: "c2"}, {Network: uint32(wire), Address: c2}},
	}))
	h.must(err)
	for _, a := range r.Msg.GetAnswers() {
		if len(a.GetBearers()) != 1 || a.GetBearers()[0].GetAddress() != c2 || a.GetBearers()[0].GetContainer() != "c2" {
			t.Errorf("the name is answered with %v", a.GetBearers())
		}
	}
	wantWay(t, h, "overlay ")

	// A site apart is not told of, with the reason where people look.
	h.must(h.site(admin, "move", "h2", "ams"))
	f1.until(hasOverlays("000001 whole 02@192.0.2.1"))
	f2.until(hasOverlays("000001 whole 03@192.0.2.2"))
	wantWay(t, h, " the hosts are in different sites")
	if got := sites(t, admin); !strings.HasSuffix(got, "ams-default false [wire]") {
		t.Errorf("site ls says %s", got)
	}
	h.must(h.site(admin, "allow", "ams", "default"))
	f1.until(hasOverlays("000001 whole 02@192.0.2.1 03@192.0.2.2"))
	wantWay(t, h, "overlay ")

	h.must(h2.release(t.Context(), wire, c2))
	f1.until(hasOverlays("000001 -" + c2))
	f2.until(hasOverlays("000001 whole"))
	select {
	case m := <-f3.told:
		if overlays(m) != "" {
			t.Errorf("one that has no endpoint of it is told %s", overlays(m))
		}
	default:
	}
}

// wantWay checks how network inspect says that packets go.
func wantWay(t *testing.T, h *house, want string) {
	t.Helper()
	r, err := h.local().Networks.Get(t.Context(), connect.NewRequest(&apiv1.NetworkServiceGetRequest{Network: "wire"}))
	h.must(err)
	for _, w := range r.Msg.GetWays() {
		if got := w.GetTransport() + " " + w.GetReason(); !strings.HasPrefix(got, want) || len(r.Msg.GetWays()) != 1 {
			t.Errorf("packets go by %q, want %q", got, want)
		}
	}
	if len(r.Msg.GetWays()) == 0 {
		t.Error("nothing is said of how packets go")
	}
}

// A switch that is removed takes its endpoints along.
func TestRemovedSwitchLeavesOverlays(t *testing.T) {
	h := build(t)
	h1, h2 := h.join("h1"), h.join("h2")
	wire := h.overlay("wire", "10.9.0.0/24")
	h1.overlaid(t, wire, "c1", 2)
	c2 := h2.overlaid(t, wire, "c2", 3)
	h.eventually("both are in the view", func() bool {
		v := h.hub.View()
		return v.InOverlay(wire, h1.id) && v.InOverlay(wire, h2.id)
	})
	f1 := h1.follow(t, "192.0.2.1")
	f1.until(hasOverlays("000001 whole 02@192.0.2.1 03@192.0.2.2"))
	_, err := h.local().Switches.Remove(t.Context(), connect.NewRequest(&apiv1.SwitchServiceRemoveRequest{Switch: "h2", Force: true}))
	h.must(err)
	f1.until(hasOverlays("000001 -" + c2))
}

func TestDriversAreNotMixed(t *testing.T) {
	h := build(t)
	h1 := h.join("h1")
	web, wire := h.network("web", "10.7.0.0/24"), h.overlay("wire", "10.9.0.0/24")
	address, err := h1.reserve(t.Context(), web, "", "c1")
	h.must(err)
	refused(t, h1.attach(t.Context(), overlaidEndpoint(web, address, "c1", 2)), linkspan.Invalid)
	address, err = h1.reserve(t.Context(), wire, "", "c1")
	h.must(err)
	e := overlaidEndpoint(wire, address, "c1", 2)
	e.Driver, e.Port = "", 11
	refused(t, h1.attach(t.Context(), e), linkspan.Invalid)
	// Nor is a network adopted as one of another driver.
	for _, adopt := range []bool{false, true} {
		_, err = h1.Networks.Create(t.Context(), connect.NewRequest(&apiv1.NetworkServiceCreateRequest{
			Network: &apiv1.Network{Name: "wire", Subnet: "10.9.0.0/24"}, Adopt: adopt,
		}))
		refused(t, err, linkspan.Exists)
	}
	_, err = h1.Networks.Create(t.Context(), connect.NewRequest(&apiv1.NetworkServiceCreateRequest{
		Network: &apiv1.Network{Name: "other", Subnet: "10.10.0.0/24", Driver: "pigeon"},
	}))
	refused(t, err, linkspan.Invalid)
}
