// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"net/netip"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/trust"
)

// bridgedHost makes a host with a network of its own, of a subnet, and a container
// there that has a number.
func (h *house) bridgedHost(name, network, subnet, container, address string, more ...*apiv1.LocalEndpoint) host {
	h.t.Helper()
	c := h.join(name)
	n := &apiv1.LocalNetwork{
		Id: name + "net1", Name: network, Driver: linkspan.BridgeDriver, Subnets: []*apiv1.LocalSubnet{{Subnet: subnet}},
	}
	e := &apiv1.LocalEndpoint{Id: name + "ep01", Network: name + "net1", Container: container, Address: address, Port: linkspan.MaxPort}
	shut := &apiv1.LocalNetwork{Id: name + "net2", Name: "shut", Driver: linkspan.BridgeDriver, Internal: true, Subnets: n.GetSubnets()}
	_, err := c.tell(h.t.Context(), &apiv1.LocalServiceChangeRequest{Networks: []*apiv1.LocalNetwork{n, shut}, Endpoints: append(more, e)})
	h.must(err)
	h.eventually("the view has it", func() bool { return h.hub.View().LocalEndpoint(c.id, name+"ep01") != nil })
	return c
}

// leads is what a chassis is told of where its networks lead.
func leads(m *apiv1.ChassisServiceFollowResponse) string {
	var out []string
	for _, b := range m.GetBridges().GetNetworks() {
		out = append(out, b.GetNetwork()+":"+strings.Join(b.GetSubnets(), ","))
	}
	return strings.Join(out, " ")
}

// TestGroupsOfNetworksOfOneHost: they join the fabric with a group, their host is told
// where they lead and of nothing else, and they part with the group.
func TestGroupsOfNetworksOfOneHost(t *testing.T) {
	h := build(t)
	operator := h.user(trust.RoleOperator)
	h.network("web", "10.7.0.0/24")
	h1 := h.bridgedHost("h1", "back", "172.18.0.0/16", "c1", "172.18.0.2")
	h.bridgedHost("h2", "back", "172.18.0.0/16", "c2", "172.18.0.2")
	told := h1.follow(t, "192.0.2.77")
	told.next() // what there was before
	add := func(networks ...string) error {
		_, err := operator.Groups.Add(t.Context(), connect.NewRequest(&apiv1.GroupServiceAddRequest{Group: "shop", Networks: networks}))
		return err
	}
	_, err := operator.Groups.Create(t.Context(), connect.NewRequest(&apiv1.GroupServiceCreateRequest{Name: "shop", Networks: []string{"web"}}))
	h.must(err)
	for network, want := range map[string]string{
		"back": "may be any of h1/back, h2/back", "h1/shut": "is internal", "h3/back": "not found", "nobody": "not found",
	} {
		if err := add(network); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is added: %v, want %q", network, err, want)
		}
	}
	h.must(add("h1/back"))
	if got := groups(t, operator); got != "shop h1/back web" {
		t.Errorf("listed %q", got)
	}
	told.until(func(m *apiv1.ChassisServiceFollowResponse) bool {
		if len(m.GetNetworks()) > 0 {
			t.Errorf("told %v", m)
		}
		return leads(m) == "h1net1:10.7.0.0/24"
	})
	if m := h1.follow(t, "192.0.2.77").next(); leads(m) != "h1net1:10.7.0.0/24" || len(m.GetNetworks()) != 1 || len(m.GetEndpoints()) != 0 {
		t.Errorf("told at its beginning %v", m)
	}
	if err := add("h2/back"); err == nil || !strings.Contains(err.Error(), "h1/back (172.18.0.0/16) and h2/back (172.18.0.0/16)") {
		t.Errorf("both of one subnet: %v", err)
	}
	listed, err := operator.Networks.List(t.Context(), connect.NewRequest(&apiv1.NetworkServiceListRequest{}))
	h.must(err)
	if n := listed.Msg.GetNetworks(); len(n) != 1 {
		t.Errorf("among the fabric's networks are %v", n)
	}
	_, err = operator.Groups.Leave(t.Context(), connect.NewRequest(&apiv1.GroupServiceLeaveRequest{Group: "shop", Networks: []string{"h1/back"}}))
	h.must(err)
	h.eventually("the view has no such network", func() bool { return !h.hub.View().AnyBridged() })
	if all, err := h.store.Networks(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("left: %+v, %v", all, err)
	}
}

// TestLinksOfContainersOnBridges: they are found by their names, with their network's
// there, and join by the link.
func TestLinksOfContainersOnBridges(t *testing.T) {
	h := build(t)
	operator := h.user(trust.RoleOperator)
	h.bridgedHost("h1", "back", "172.18.0.0/16", "c1", "172.18.0.2")
	h.bridgedHost("h2", "yard", "172.19.0.0/16", "c2", "172.19.0.2")
	h.bridgedHost("h3", "back", "172.18.0.0/16", "c3", "172.18.0.2")
	linked := func(a, b string) (*apiv1.Link, error) {
		r, err := operator.Links.Connect(t.Context(), connect.NewRequest(&apiv1.LinkServiceConnectRequest{A: a, B: b}))
		if err != nil {
			return nil, err
		}
		return r.Msg.GetLink(), nil
	}
	if _, err := linked("c1", "nobody"); linkspan.CodeOf(api.FromRPC(err)) != linkspan.NotFound {
		t.Errorf("with nobody: %v", err)
	}
	if _, err := linked("c1", "c3"); err == nil || !strings.Contains(err.Error(), "overlap") {
		t.Errorf("of one address: %v", err)
	}
	if all, err := h.store.Networks(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("what was refused left: %+v, %v", all, err)
	}
	l, err := linked("h1/c1.back", "c2")
	h.must(err)
	if l.GetA().GetNetwork() != "h1/back" || l.GetB().GetNetwork() != "" || l.GetB().GetContainer() != "c2" {
		t.Errorf("the link is %v", l)
	}
	h.eventually("the view has both", func() bool {
		v := h.hub.View()
		n := 0
		for range v.Endpoints() {
			n++
		}
		return n == 2 && v.AnyLinks()
	})
	_, err = operator.Links.Clear(t.Context(), connect.NewRequest(&apiv1.LinkServiceClearRequest{A: "c1.back", B: "c2"}))
	h.must(err)
	if all, err := h.store.Networks(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("left: %+v, %v", all, err)
	}
}

// TestContainersOfOneBridgeAreNotParted: what they send each other no switch sees, so
// that a link between them would be a word only, however they are named.
func TestContainersOfOneBridgeAreNotParted(t *testing.T) {
	h := build(t)
	operator := h.user(trust.RoleOperator)
	second := &apiv1.LocalEndpoint{Id: "h1ep02", Network: "h1net1", Container: "c2", Address: "172.18.0.3", Port: linkspan.MaxPort - 1}
	h.bridgedHost("h1", "yard", "172.18.0.0/16", "c1", "172.18.0.2", second)
	for _, ends := range [][2]string{{"c1", "c2"}, {"h1/c1", "c2.yard"}, {"h1/c1.yard", "h1/c2.yard"}} {
		_, err := operator.Links.Disconnect(t.Context(), connect.NewRequest(&apiv1.LinkServiceDisconnectRequest{A: ends[0], B: ends[1]}))
		if err == nil || !strings.Contains(err.Error(), "nothing can keep them apart") {
			t.Errorf("%v: %v", ends, err)
		}
	}
	if all, err := h.store.Networks(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("what was refused left: %+v, %v", all, err)
	}
}

// TestNothingPartsWhatJoins: a network that is being put into a group is not taken for
// one of which nothing speaks.
func TestNothingPartsWhatJoins(t *testing.T) {
	h := build(t)
	operator := h.user(trust.RoleOperator)
	h.bridgedHost("h1", "yard", "172.18.0.0/16", "c1", "172.18.0.2")
	for range 40 {
		var both sync.WaitGroup
		both.Go(func() {
			_, err := operator.Groups.Create(t.Context(), connect.NewRequest(&apiv1.GroupServiceCreateRequest{Name: "shop", Networks: []string{"h1/yard"}}))
			if err != nil {
				t.Error(err)
			}
		})
		both.Go(func() {
			_, _ = operator.Groups.Remove(t.Context(), connect.NewRequest(&apiv1.GroupServiceRemoveRequest{Group: "nobody"})) // parts what is unused
		})
		both.Wait()
		if got := groups(t, operator); got != "shop h1/yard" {
			t.Fatalf("listed %q", got)
		}
		_, err := operator.Groups.Remove(t.Context(), connect.NewRequest(&apiv1.GroupServiceRemoveRequest{Group: "shop"}))
		h.must(err)
	}
}

// remade has a host take its network away and make one of the same name, with the same
// container in it, as docker compose down and up do.
func (c host) remade(t *testing.T, h *house, name, network, subnet, container, address string) {
	t.Helper()
	_, err := c.tell(t.Context(), &apiv1.LocalServiceChangeRequest{
		Revision: c.compare(t).GetRevision(), NetworksRemoved: []string{name + "net1"}, EndpointsRemoved: []string{name + "ep01"},
	})
	h.must(err)
	h.eventually("the fabric has it no more", func() bool {
		return h.hub.View().LocalNetwork(c.id, name+"net1") == nil && !h.hub.View().AnyBridged()
	})
	_, err = c.tell(t.Context(), &apiv1.LocalServiceChangeRequest{
		Revision: c.compare(t).GetRevision(),
		Networks: []*apiv1.LocalNetwork{{Id: name + "net3", Name: network, Driver: linkspan.BridgeDriver, Subnets: []*apiv1.LocalSubnet{{Subnet: subnet}}}},
	})
	h.must(err)
	_, err = c.tell(t.Context(), &apiv1.LocalServiceChangeRequest{
		Revision:  c.compare(t).GetRevision(),
		Endpoints: []*apiv1.LocalEndpoint{{Id: name + "ep03", Network: name + "net3", Container: container, Address: address, Port: linkspan.MaxPort}},
	})
	h.must(err)
}

// TestLinksOutliveNetworksOfOneHost: a container that is made anew under its name is linked
// again, in the network that was made anew with it, and so is what policies name.
func TestLinksOutliveNetworksOfOneHost(t *testing.T) {
	h := build(t)
	operator := h.user(trust.RoleOperator)
	web := h.network("web", "10.7.0.0/24")
	h.join("h2").run(t, web, "w", 11)
	h1 := h.bridgedHost("h1", "back", "172.18.0.0/16", "c1", "172.18.0.2")
	_, err := operator.Links.Connect(t.Context(), connect.NewRequest(&apiv1.LinkServiceConnectRequest{A: "h1/c1", B: "h2/w"}))
	h.must(err)
	h.eventually("the link has both its ends", func() bool { return h.hub.View().AnyBridged() && h.hub.View().AnyLinks() })
	h1.remade(t, h, "h1", "back", "172.19.0.0/16", "c1", "172.19.0.2")
	anew := func() bool {
		for e := range h.hub.View().Attached(h1.id) {
			return e.Address == netip.MustParseAddr("172.19.0.2")
		}
		return false
	}
	h.eventually("it has them again", anew)
	n, err := h.store.NetworkByName(t.Context(), "h1/back")
	h.must(err)
	h.must(h.store.RemoveNetwork(t.Context(), n.ID)) // as if nobody had been there to join it
	h.eventually("the fabric has it no more", func() bool { return !h.hub.View().AnyBridged() })
	h.must(h.server.JoinAgain(t.Context()))
	h.eventually("it has them after a start of the controller", anew)
}

// TestPoliciesOutliveNetworksOfOneHost: a policy that has the name of a network is about the
// one that is made anew under it.
func TestPoliciesOutliveNetworksOfOneHost(t *testing.T) {
	h := build(t)
	admin := h.user(trust.RoleAdmin)
	h1 := h.bridgedHost("h1", "back", "172.18.0.0/16", "c1", "172.18.0.2")
	_, err := admin.Groups.Create(t.Context(), connect.NewRequest(&apiv1.GroupServiceCreateRequest{Name: "shop", Networks: []string{"h1/back"}}))
	h.must(err)
	h.eventually("the view has it", func() bool { return h.hub.View().AnyBridged() })
	_, err = applyPolicies(t.Context(), admin, &apiv1.Policy{Name: "p", Action: "allow", From: []*apiv1.PolicySelector{{Network: "h1/back"}}})
	h.must(err)
	h.eventually("the policy is in the view", func() bool { return h.hub.View().CountPolicies() == 1 })
	h1.remade(t, h, "h1", "back", "172.19.0.0/16", "c1", "172.19.0.2")
	h.eventually("it is about the new one", func() bool { return h.hub.View().AnyBridged() })
	if got := groups(t, admin); got != "shop" {
		t.Errorf("groups are %q, want one that the network left", got)
	}
}
