// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/trust"
)

// tell changes what is stored of a host's own networks; it tries again when it
// comes too often.
func (c host) tell(ctx context.Context, m *apiv1.LocalServiceChangeRequest) (uint64, error) {
	for {
		r, err := c.Locals.Change(ctx, connect.NewRequest(m))
		if connect.CodeOf(err) == connect.CodeUnavailable && err != nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		if err != nil {
			return 0, err
		}
		return r.Msg.GetRevision(), nil
	}
}

func (c host) compare(t *testing.T) *apiv1.LocalServiceCompareResponse {
	t.Helper()
	for {
		r, err := c.Locals.Compare(t.Context(), connect.NewRequest(&apiv1.LocalServiceCompareRequest{}))
		if connect.CodeOf(err) == connect.CodeUnavailable && err != nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		return r.Msg
	}
}

func localBack(id string) *apiv1.LocalNetwork {
	return &apiv1.LocalNetwork{
		Id: id, Name: "back", Driver: "linkspan-bridge", Labels: map[string]string{"team": "blue"},
		Subnets: []*apiv1.LocalSubnet{{Subnet: "172.18.0.0/16", Gateway: "172.18.0.1"}, {Subnet: "fd00::/64"}},
	}
}

func localIn(network, id, container string) *apiv1.LocalEndpoint {
	return &apiv1.LocalEndpoint{Id: id, Network: network, Container: container, Address: "172.18.0.2", Address6: "fd00::2", Mac: "02:42:ac:12:00:02"}
}

// backed makes a host that has told of network back with one container.
func (h *house) backed(name, container string) host {
	h.t.Helper()
	c := h.join(name)
	if _, err := c.tell(h.t.Context(), &apiv1.LocalServiceChangeRequest{
		Networks: []*apiv1.LocalNetwork{localBack(name + "net1")}, Endpoints: []*apiv1.LocalEndpoint{localIn(name+"net1", name+"ep01", container)},
	}); err != nil {
		h.t.Fatal(err)
	}
	h.eventually("the view has it", func() bool { return h.hub.View().LocalEndpoint(c.id, name+"ep01") != nil })
	return c
}

func (h *house) listLocal(network, chassis string) ([]*apiv1.LocalNetwork, error) {
	r, err := h.user(trust.RoleViewer).Locals.List(h.t.Context(), connect.NewRequest(&apiv1.LocalServiceListRequest{Network: network, Chassis: chassis}))
	if err != nil {
		return nil, err
	}
	return r.Msg.GetNetworks(), nil
}

func TestLocalNetworksAreListed(t *testing.T) {
	h := build(t)
	h1, h2 := h.backed("h1", "c1"), h.backed("h2", "c2")
	h.hub.connect(h1.id)
	for _, c := range []struct{ network, chassis, want string }{
		{"", "", "h1/back h2/back"}, {"back", "", "h1/back h2/back"}, {"h2/back", "", "h2/back"}, {"", "h1", "h1/back"},
		{"h1net1", "", "h1/back"}, {"h1ne", "", "h1/back"}, {"h1/h1net1", "", "h1/back"},
	} {
		networks, err := h.listLocal(c.network, c.chassis)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range networks {
			got = append(got, n.GetChassis()+"/"+n.GetName())
			if n.GetAway() != (n.GetChassis() == "h2") || len(n.GetEndpoints()) != 1 || len(n.GetSubnets()) != 2 {
				t.Errorf("got %v", n)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("network %q of %q: got %v, want %s", c.network, c.chassis, got, c.want)
		}
	}
	for _, c := range [][2]string{{"none", ""}, {"h1n", ""}, {"h3/back", ""}, {"h1/h2net1", ""}, {"", "h3"}} {
		_, err := h.listLocal(c[0], c[1])
		refused(t, err, linkspan.NotFound)
	}
	r, err := h.local().Switches.Get(t.Context(), connect.NewRequest(&apiv1.SwitchServiceGetRequest{Switch: "h2"}))
	if err != nil || len(r.Msg.GetLocal()) != 1 || r.Msg.GetLocal()[0].GetEndpoints()[0].GetContainer() != "c2" || r.Msg.GetSwitch().GetEndpoints() != 0 {
		t.Errorf("got %v, %v", r, err)
	}
	_ = h2
}

// TestLocalNetworksThatAreNoBridgesAreInNoGroup: who sees one in a list learns why not, and
// not that it does not exist.
func TestLocalNetworksThatAreNoBridgesAreInNoGroup(t *testing.T) {
	h := build(t)
	c := h.join("h1")
	lan := localBack("h1net1")
	lan.Driver = "linkspan-macvlan"
	_, err := c.tell(t.Context(), &apiv1.LocalServiceChangeRequest{Networks: []*apiv1.LocalNetwork{lan}})
	h.must(err)
	h.eventually("the view has it", func() bool { return h.hub.View().LocalNetwork(c.id, "h1net1") != nil })
	h.network("web", "10.7.0.0/24")
	for _, name := range []string{"back", "h1/back", "h1net1"} {
		_, err := h.user(trust.RoleOperator).Groups.Create(t.Context(), connect.NewRequest(&apiv1.GroupServiceCreateRequest{
			Name: "mix", Networks: []string{"web", name},
		}))
		err = api.FromRPC(err)
		if linkspan.CodeOf(err) != linkspan.Invalid || !strings.Contains(err.Error(), "linkspan-macvlan and of host h1 alone") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := groups(t, h.user(trust.RoleViewer)); got != "" {
		t.Errorf("listed %q", got)
	}
}

func TestLocalMembersAreEndpoints(t *testing.T) {
	h := build(t)
	h1 := h.backed("h1", "c1")
	h.backed("h2", "c1")
	web := h.network("web", "10.7.0.0/24")
	h1.run(t, web, "c1", 11)
	list := func(network, chassis string) (string, error) {
		r, err := h.local().Endpoints.List(t.Context(), connect.NewRequest(&apiv1.EndpointServiceListRequest{Network: network, Chassis: chassis}))
		if err != nil {
			return "", err
		}
		var got []string
		for _, e := range r.Msg.GetEndpoints() {
			got = append(got, e.GetChassis()+"/"+e.GetContainer()+"."+e.GetNetworkName())
		}
		slices.Sort(got)
		return strings.Join(got, " "), nil
	}
	for _, c := range []struct{ network, chassis, want string }{
		{"", "", "h1/c1.back h1/c1.web h2/c1.back"}, {"web", "", "h1/c1.web"}, {"back", "", "h1/c1.back h2/c1.back"},
		{"h2/back", "", "h2/c1.back"}, {"", "h2", "h2/c1.back"}, {"back", "h1", "h1/c1.back"},
	} {
		if got, err := list(c.network, c.chassis); err != nil || got != c.want {
			t.Errorf("%q on %q: got %s, %v, want %s", c.network, c.chassis, got, err, c.want)
		}
	}
	_, err := list("none", "")
	refused(t, err, linkspan.NotFound)
	get := func(name string) (*apiv1.Endpoint, error) {
		r, err := h.local().Endpoints.Get(t.Context(), connect.NewRequest(&apiv1.EndpointServiceGetRequest{Endpoint: name}))
		if err != nil {
			return nil, err
		}
		return r.Msg.GetEndpoint(), nil
	}
	for _, name := range []string{"h2/c1", "h2/c1.back", "h2ep01"} {
		if e, err := get(name); err != nil || e.GetChassis() != "h2" || e.GetDriver() != "linkspan-bridge" || e.GetAddress6() != "fd00::2" || !e.GetAway() {
			t.Errorf("%s: got %v, %v", name, e, err)
		}
	}
	for name, code := range map[string]linkspan.Code{"c1": linkspan.Conflict, "c1.back": linkspan.Conflict, "172.18.0.2": linkspan.Conflict, "": linkspan.Invalid} {
		_, err := get(name)
		refused(t, err, code)
	}
}

func TestASwitchTellsOfItselfOnly(t *testing.T) {
	h := build(t)
	h1, h2 := h.backed("h1", "c1"), h.backed("h2", "c2")
	stolen := localBack("h2net1")
	stolen.Chassis, stolen.Name = "h2", "stolen" // what the message says is ignored
	revision := h1.compare(t).GetRevision()
	if _, err := h1.tell(t.Context(), &apiv1.LocalServiceChangeRequest{
		Revision: revision, Networks: []*apiv1.LocalNetwork{stolen}, EndpointsRemoved: []string{"h2ep01"},
	}); err != nil {
		t.Fatal(err)
	}
	h.eventually("h1 has it", func() bool { return h.hub.View().LocalNetwork(h1.id, "h2net1") != nil })
	if v := h.hub.View(); v.LocalNetwork(h2.id, "h2net1").Name != "back" || v.LocalEndpoint(h2.id, "h2ep01") == nil {
		t.Error("h1 changed what h2 told")
	}
	_, err := h1.tell(t.Context(), &apiv1.LocalServiceChangeRequest{Revision: h2.compare(t).GetRevision(), NetworksRemoved: []string{"h2net1"}})
	refused(t, err, linkspan.Conflict)
}

func TestLocalChangesThatAreRefusedDoNothing(t *testing.T) {
	h := build(t)
	h1 := h.backed("h1", "c1")
	before := h1.compare(t)
	var many []string
	for i := range 49 {
		many = append(many, fmt.Sprint("e", i))
	}
	network := func(change func(*apiv1.LocalNetwork)) *apiv1.LocalServiceChangeRequest {
		n := localBack("n2")
		change(n)
		return &apiv1.LocalServiceChangeRequest{Networks: []*apiv1.LocalNetwork{localBack("fine"), n}}
	}
	endpoint := func(change func(*apiv1.LocalEndpoint)) *apiv1.LocalServiceChangeRequest {
		e := localIn("n2", "e2", "c")
		change(e)
		return &apiv1.LocalServiceChangeRequest{Endpoints: []*apiv1.LocalEndpoint{e}, NetworksRemoved: []string{"h1net1"}}
	}
	for what, m := range map[string]*apiv1.LocalServiceChangeRequest{
		"a subnet":     network(func(n *apiv1.LocalNetwork) { n.Subnets[0].Subnet = "everything" }),
		"host bits":    network(func(n *apiv1.LocalNetwork) { n.Subnets[0].Subnet = "172.18.0.1/16" }),
		"a path":       network(func(n *apiv1.LocalNetwork) { n.Id = "../../0002/networks/x" }),
		"no name":      network(func(n *apiv1.LocalNetwork) { n.Name = "" }),
		"large labels": network(func(n *apiv1.LocalNetwork) { n.Labels["x"] = strings.Repeat("x", 17<<10) }),
		"an address":   endpoint(func(e *apiv1.LocalEndpoint) { e.Address = "fd00::1" }),
		"a MAC":        endpoint(func(e *apiv1.LocalEndpoint) { e.Mac = "ff:ff:ff:ff:ff:ff" }),
		"escapes":      endpoint(func(e *apiv1.LocalEndpoint) { e.Container = "\x1b]0;x\a" }),
		"nothing":      {Networks: []*apiv1.LocalNetwork{nil}},
		"too many":     {EndpointsRemoved: many},
		"twice":        {Networks: []*apiv1.LocalNetwork{localBack("n3")}, NetworksRemoved: []string{"n3"}},
	} {
		m.Revision = before.GetRevision()
		_, err := h1.tell(t.Context(), m)
		if err == nil {
			t.Errorf("%s: taken", what)
			continue
		}
		refused(t, err, linkspan.Invalid)
	}
	if after := h1.compare(t); after.GetRevision() != before.GetRevision() || len(after.GetNetworks()) != 1 || len(after.GetEndpoints()) != 1 {
		t.Errorf("something was done: %v", after)
	}
}

func TestLocalQuotas(t *testing.T) {
	h := build(t)
	h1, h2 := h.backed("h1", "c1"), h.backed("h2", "c2")
	many := []view.Change{view.PutLocalEndpoint(&linkspan.LocalEndpoint{Chassis: h1.id, ID: "big", Network: "n", Labels: map[string]string{"x": strings.Repeat("x", 8<<20-300<<10)}})}
	for i := range 1023 {
		many = append(many, view.PutLocalNetwork(&linkspan.LocalNetwork{Chassis: h1.id, ID: fmt.Sprint("n", i), Name: "n"}))
	}
	h.hub.Update(many...)
	for what, c := range map[string]struct {
		m    *apiv1.LocalServiceChangeRequest
		says string
	}{
		"a network": {&apiv1.LocalServiceChangeRequest{Networks: []*apiv1.LocalNetwork{localBack("more")}}, "networks of its own"},
		"bytes": {&apiv1.LocalServiceChangeRequest{Endpoints: []*apiv1.LocalEndpoint{
			{Id: "a", Network: "n", Labels: map[string]string{"x": strings.Repeat("x", 16000)}}, {Id: "b", Network: "n", Labels: map[string]string{"x": strings.Repeat("x", 16000)}},
			{Id: "c", Network: "n", Labels: map[string]string{"x": strings.Repeat("x", 16000)}}, {Id: "d", Network: "n", Labels: map[string]string{"x": strings.Repeat("x", 16000)}},
			{Id: "e", Network: "n", Labels: map[string]string{"x": strings.Repeat("x", 16000)}}, {Id: "f", Network: "n", Labels: map[string]string{"x": strings.Repeat("x", 16000)}},
			{Id: "g", Network: "n", Labels: map[string]string{"x": strings.Repeat("x", 16000)}}, {Id: "h", Network: "n", Labels: map[string]string{"x": strings.Repeat("x", 16000)}},
			{Id: "i", Network: "n", Labels: map[string]string{"x": strings.Repeat("x", 16000)}}, {Id: "j", Network: "n", Labels: map[string]string{"x": strings.Repeat("x", 16000)}},
		}}, "bytes"},
	} {
		c.m.Revision = h1.compare(t).GetRevision()
		_, err := h1.tell(t.Context(), c.m)
		refused(t, err, linkspan.Exhausted)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: it says %v", what, err)
		}
	}
	// What is there changes, and goes.
	renamed := localBack("h1net1")
	renamed.Internal = true
	if _, err := h1.tell(t.Context(), &apiv1.LocalServiceChangeRequest{
		Revision: h1.compare(t).GetRevision(), Networks: []*apiv1.LocalNetwork{renamed}, EndpointsRemoved: []string{"h1ep01"},
	}); err != nil {
		t.Error(err)
	}
	if _, err := h2.tell(t.Context(), &apiv1.LocalServiceChangeRequest{Revision: h2.compare(t).GetRevision(), Networks: []*apiv1.LocalNetwork{localBack("more")}}); err != nil {
		t.Errorf("another switch: %v", err)
	}
}

func TestASwitchThatTellsTooOften(t *testing.T) {
	h := build(t)
	h1, h2 := h.backed("h1", "c1"), h.backed("h2", "c2")
	var refusals int
	for range 200 {
		_, err := h1.Locals.Compare(t.Context(), connect.NewRequest(&apiv1.LocalServiceCompareRequest{}))
		if err != nil {
			refused(t, err, linkspan.Unavailable)
			refusals++
		}
	}
	if refusals == 0 {
		t.Error("200 calls at once were answered")
	}
	if _, err := h2.Locals.Compare(t.Context(), connect.NewRequest(&apiv1.LocalServiceCompareRequest{})); err != nil {
		t.Errorf("another switch: %v", err)
	}
}

func TestLocalNetworksGoWithTheirSwitch(t *testing.T) {
	h := build(t)
	h1 := h.backed("h1", "c1")
	h.backed("h2", "c2")
	if err := h.removeSwitch("h1", false); err != nil {
		t.Fatal(err)
	}
	h.eventually("they are out of the view", func() bool {
		networks, endpoints, _ := h.hub.View().LocalUse(h1.id)
		return networks+endpoints == 0
	})
	left, _, err := h.store.Locals(t.Context(), h1.id)
	if err != nil || len(left.Networks)+len(left.Endpoints) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if networks, err := h.listLocal("", ""); err != nil || len(networks) != 1 || networks[0].GetChassis() != "h2" {
		t.Errorf("got %v, %v", networks, err)
	}
}

// TestManyTellAtOnce has a switch tell over several connections at once, each
// with what it believes to be the revision: what is stored in the end is what the
// accepted changes make in their order.
func TestManyTellAtOnce(t *testing.T) {
	h := build(t)
	h1 := h.backed("h1", "c1")
	var mu sync.Mutex
	type change struct {
		revision uint64
		id       string
		put      bool
	}
	var accepted []change
	var tellers sync.WaitGroup
	for n := range 4 {
		random := rand.New(rand.NewPCG(1, uint64(n)))
		tellers.Go(func() {
			for range 4 {
				c := change{h1.compare(t).GetRevision(), fmt.Sprint("e", random.IntN(5)), random.IntN(3) > 0}
				m := &apiv1.LocalServiceChangeRequest{Revision: c.revision}
				if c.put {
					m.Endpoints = []*apiv1.LocalEndpoint{localIn("h1net1", c.id, "c")}
				} else {
					m.EndpointsRemoved = []string{c.id}
				}
				_, err := h1.tell(t.Context(), m)
				if linkspan.CodeOf(api.FromRPC(err)) == linkspan.Conflict && err != nil {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				accepted = append(accepted, c)
				mu.Unlock()
			}
		})
	}
	tellers.Wait()
	slices.SortFunc(accepted, func(a, b change) int { return int(a.revision) - int(b.revision) })
	want := map[string]bool{"h1ep01": true}
	for i, c := range accepted {
		if i > 0 && accepted[i-1].revision == c.revision {
			t.Fatalf("two changes were made from revision %d", c.revision)
		}
		if delete(want, c.id); c.put {
			want[c.id] = true
		}
	}
	got := make(map[string]bool)
	for _, d := range h1.compare(t).GetEndpoints() {
		got[d.GetId()] = true
	}
	if !maps.Equal(want, got) {
		t.Errorf("stored are %v, told were %v", got, want)
	}
}
