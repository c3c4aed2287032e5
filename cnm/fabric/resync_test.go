// SPDX-License-Identifier: Apache-2.0

package fabric_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cnm/fabric"
)

func TestResync(t *testing.T) {
	c := newController(t)
	c.endpoints["10.7.0.9"] = &apiv1.Endpoint{Network: 1, Address: "10.7.0.9", Chassis: "h1", Port: 9, Mac: "02:00:00:00:00:09"}
	h := newHost(t, c, localStore(t))
	eventually(t, "the snapshot", h.connected)
	if got := h.Endpoints(); len(got) != 1 || got[0].Chassis != 1 {
		t.Fatalf("stored endpoints: %+v", got)
	}
	local := []linkspan.Endpoint{e5}
	for range 2 {
		if err := h.Resync(t.Context(), local); err != nil {
			t.Fatal(err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.endpoints) != 1 || c.endpoints["10.7.0.5"].GetPort() != 5 {
		t.Errorf("stored after resync: %v", c.endpoints)
	}
}

var e5 = linkspan.Endpoint{Network: 1, Address: netip.MustParseAddr("10.7.0.5"), Chassis: 1, ID: "e5", Port: 5, MAC: linkspan.MAC{2, 0, 0, 0, 0, 5}}

func TestResyncDoesNotBringBackWhatWasReleased(t *testing.T) {
	c := newController(t)
	h := newHost(t, c, localStore(t), func(cfg *fabric.Config) { cfg.Grace = time.Hour })
	eventually(t, "the snapshot", h.connected)
	if err := errors.Join(h.Attach(t.Context(), e5), h.Release(t.Context(), e5.Network, e5.Address)); err != nil {
		t.Fatal(err)
	}
	if err := h.Resync(t.Context(), []linkspan.Endpoint{e5}); err != nil { // a list read too early
		t.Fatal(err)
	}
	if got := h.Endpoints(); len(got) != 0 {
		t.Errorf("it is back: %+v", got)
	}
}

func TestResyncKeepsNameAndLabels(t *testing.T) {
	c := newController(t)
	h := newHost(t, c, localStore(t))
	eventually(t, "the snapshot", h.connected)
	named := e5
	named.Container, named.Labels = "web1", map[string]string{"tier": "front"}
	if err := h.Attach(t.Context(), named); err != nil {
		t.Fatal(err)
	}
	moved := e5
	moved.Port = 6
	if err := h.Resync(t.Context(), []linkspan.Endpoint{moved}); err != nil {
		t.Fatal(err)
	}
	named.Port = 6
	same := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	if diff := cmp.Diff([]linkspan.Endpoint{named}, h.Endpoints(), same); diff != "" {
		t.Error(diff)
	}
}

func TestOrphanMarkEndsWithAttach(t *testing.T) {
	c := newController(t)
	h := newHost(t, c, localStore(t))
	eventually(t, "the snapshot", h.connected)
	e := e5
	if err := h.Attach(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if err := h.Resync(t.Context(), nil); err != nil { // marks it, as unknown here
		t.Fatal(err)
	}
	if err := h.Attach(t.Context(), e); err != nil { // and it is known again
		t.Fatal(err)
	}
	if err := h.Resync(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if got := len(h.Endpoints()); got != 1 {
		t.Errorf("an endpoint attached anew was released: %d left", got)
	}
}
