// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

var durationOf = durationpb.New

func TestReserve(t *testing.T) {
	h := build(t)
	h1, h2 := h.join("h1"), h.join("h2")
	web := h.network("web", "10.7.0.0/29")
	ctx := t.Context()

	got, err := h1.reserve(ctx, web, "", "web1")
	if err != nil || got != "10.7.0.2" {
		t.Fatalf("any: got %s, %v", got, err)
	}
	if got, err = h1.reserve(ctx, web, "10.7.0.5", "db"); err != nil || got != "10.7.0.5" {
		t.Fatalf("a wished one: got %s, %v", got, err)
	}
	for want, code := range map[string]linkspan.Code{
		"10.7.0.5": linkspan.Exists, "10.7.0.0": linkspan.Invalid, "10.7.0.1": linkspan.Invalid, "10.7.0.7": linkspan.Invalid,
		"10.8.0.2": linkspan.Invalid, "fd00::2": linkspan.Invalid, "::ffff:10.7.0.3": linkspan.Invalid, "router": linkspan.Invalid,
		"10.7.0.3%eth0": linkspan.Invalid,
	} {
		_, err := h2.reserve(ctx, web, want, "x")
		refused(t, err, code)
	}
	_, err = h2.reserve(ctx, web, "10.7.0.5", "x")
	if err == nil || !strings.Contains(err.Error(), "db on h1") {
		t.Errorf("who holds it is not said: %v", err)
	}
	for range 3 {
		if _, err := h2.reserve(ctx, web, "", ""); err != nil {
			t.Fatal(err)
		}
	}
	_, err = h2.reserve(ctx, web, "", "")
	refused(t, err, linkspan.Exhausted)
	if linkspan.HintOf(api.FromRPC(err)) == "" {
		t.Error("what to do is not said")
	}
	for _, unknown := range []linkspan.NetworkID{0, 99, linkspan.MaxNetworkID, 1<<32 - 1} {
		_, err := h2.reserve(ctx, unknown, "", "")
		refused(t, err, linkspan.NotFound)
	}
	if err := h1.release(ctx, web, "10.7.0.2"); err != nil {
		t.Fatal(err)
	}
	h.eventually("the freed address is leased again", func() bool {
		got, err := h2.reserve(ctx, web, "", "")
		return err == nil && got == "10.7.0.2"
	})
}

func TestEverybodyGetsAnAddressOfTheirOwn(t *testing.T) {
	h := build(t)
	h1, h2 := h.join("h1"), h.join("h2")
	web := h.network("web", "10.7.0.0/27")
	var group sync.WaitGroup
	var mu sync.Mutex
	seen := make(map[string]bool)
	for i := range 28 {
		group.Go(func() {
			got, err := [2]host{h1, h2}[i%2].reserve(t.Context(), web, "", "")
			mu.Lock()
			defer mu.Unlock()
			if err != nil || seen[got] {
				t.Errorf("%s twice, or %v", got, err)
			}
			seen[got] = true
		})
	}
	group.Wait()
	if len(seen) != 28 {
		t.Errorf("got %d addresses", len(seen))
	}
}

func TestChassisWritesItsOwnEndpointsOnly(t *testing.T) {
	h := build(t)
	h1, h2 := h.join("h1"), h.join("h2")
	web := h.network("web", "10.7.0.0/24")
	addr, err := h1.reserve(t.Context(), web, "", "web1")
	if err != nil {
		t.Fatal(err)
	}
	e := &apiv1.Endpoint{Network: uint32(web), Address: addr, Chassis: "h1", Mac: "02:42:0a:07:00:02", Port: 11, Container: "thief"}
	refused(t, h2.attach(t.Context(), e), linkspan.Permission)
	refused(t, h2.release(t.Context(), web, addr), linkspan.Permission)
	e.Container, e.Chassis = "web1", "h2" // what the message says is ignored
	if err := h1.attach(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	refused(t, h2.release(t.Context(), web, addr), linkspan.Permission)
	got, err := h.local().Endpoints.Get(t.Context(), connect.NewRequest(&apiv1.EndpointServiceGetRequest{Endpoint: "web1"}))
	if err != nil || got.Msg.GetEndpoint().GetChassis() != "h1" || got.Msg.GetEndpoint().GetPort() != 11 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestAttachAndRelease(t *testing.T) {
	h := build(t)
	h1 := h.join("h1")
	web := h.network("web", "10.7.0.0/24")
	ctx := t.Context()
	good := func() *apiv1.Endpoint {
		return &apiv1.Endpoint{Network: uint32(web), Address: "10.7.0.9", Mac: "02:42:0a:07:00:09", Port: 11, Container: "web1"}
	}
	refused(t, h1.attach(ctx, good()), linkspan.NotFound)
	if _, err := h1.reserve(ctx, web, "10.7.0.9", ""); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*apiv1.Endpoint){
		"no network":    func(e *apiv1.Endpoint) { e.Network = 0 },
		"no address":    func(e *apiv1.Endpoint) { e.Address = "" },
		"bad address":   func(e *apiv1.Endpoint) { e.Address = "10.7.0" },
		"no MAC":        func(e *apiv1.Endpoint) { e.Mac = "" },
		"multicast MAC": func(e *apiv1.Endpoint) { e.Mac = "01:00:5e:00:00:01" },
		"port too high": func(e *apiv1.Endpoint) { e.Port = linkspan.MaxPort + 1 },
	} {
		t.Run(what, func(t *testing.T) {
			e := good()
			change(e)
			refused(t, h1.attach(ctx, e), linkspan.Invalid)
		})
	}
	refused(t, h1.attach(ctx, nil), linkspan.Invalid)
	for range 2 { // and again, as after a lost answer
		if err := h1.attach(ctx, good()); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := h1.release(ctx, web, "10.7.0.9"); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, h1.attach(ctx, good()), linkspan.NotFound)
	for _, addr := range []string{"", "nonsense", "10.7.0.9/24"} {
		refused(t, h1.release(ctx, web, addr), linkspan.Invalid)
	}
	for _, network := range []linkspan.NetworkID{0, 99, 1<<32 - 1} { // nothing is leased there
		if err := h1.release(ctx, network, "10.7.0.9"); err != nil {
			t.Errorf("network %d: %v", network, err)
		}
	}
	if err := h1.release(ctx, web, "fe80::1%a b/c"); err != nil && linkspan.CodeOf(api.FromRPC(err)) != linkspan.Invalid {
		t.Errorf("an address with a zone: %v", err)
	}
}

func TestEndpointsAreFoundByName(t *testing.T) {
	h := build(t)
	h1, h2 := h.join("h1"), h.join("h2")
	web, db := h.network("web", "10.7.0.0/24"), h.network("db", "10.8.0.0/24")
	h1.run(t, web, "one", 11)
	h1.run(t, db, "one", 12)
	h2.run(t, web, "one", 11)
	h2.run(t, web, "dotted.name", 12)
	get := func(name string) (string, error) {
		r, err := h.local().Endpoints.Get(t.Context(), connect.NewRequest(&apiv1.EndpointServiceGetRequest{Endpoint: name}))
		if err != nil {
			return "", err
		}
		e := r.Msg.GetEndpoint()
		return fmt.Sprintf("%s/%s.%s", e.GetChassis(), e.GetContainer(), e.GetNetworkName()), nil
	}
	for name, want := range map[string]string{
		"one.db": "h1/one.db", "h2/one": "h2/one.web", "h1/one.web": "h1/one.web", "dotted.name": "h2/dotted.name.web",
		"dotted.name.web": "h2/dotted.name.web", "10.8.0.2": "h1/one.db", "e1d2c3dotted": "h2/dotted.name.web",
	} {
		if got, err := get(name); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", name, got, err, want)
		}
	}
	for name, code := range map[string]linkspan.Code{
		"one": linkspan.Conflict, "h1/one": linkspan.Conflict, "two": linkspan.NotFound, "": linkspan.Invalid,
		"h2/one.db": linkspan.NotFound, "e1d": linkspan.NotFound, "10.9.0.1": linkspan.NotFound, "e1d2c3one": linkspan.Conflict,
	} {
		_, err := get(name)
		refused(t, err, code)
	}
	_, err := get("one")
	for _, candidate := range []string{"h1/one.web (10.7.0.2)", "h1/one.db (10.8.0.2)", "h2/one.web (10.7.0.3)"} {
		if err == nil || !strings.Contains(err.Error(), candidate) {
			t.Errorf("candidate %s is missing: %v", candidate, err)
		}
	}
}

func TestEndpointList(t *testing.T) {
	h := build(t)
	h1, h2 := h.join("h1"), h.join("h2")
	web, db := h.network("web", "10.7.0.0/24"), h.network("db", "10.8.0.0/24")
	h1.run(t, web, "a", 11)
	h2.run(t, web, "b", 11)
	h2.run(t, db, "c", 12)
	for _, c := range []struct{ network, chassis, want string }{
		{"", "", "a b c"}, {"web", "", "a b"}, {db.String(), "", "c"}, {"", "h2", "b c"}, {"web", "h2", "b"}, {"db", "h1", ""},
	} {
		r, err := h.local().Endpoints.List(t.Context(), connect.NewRequest(&apiv1.EndpointServiceListRequest{Network: c.network, Chassis: c.chassis}))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range r.Msg.GetEndpoints() {
			got = append(got, e.GetContainer())
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q on %q: got %v, want %s", c.network, c.chassis, got, c.want)
		}
	}
	for _, c := range [][2]string{{"none", ""}, {"", "none"}} {
		_, err := h.local().Endpoints.List(t.Context(), connect.NewRequest(&apiv1.EndpointServiceListRequest{Network: c[0], Chassis: c[1]}))
		refused(t, err, linkspan.NotFound)
	}
}
