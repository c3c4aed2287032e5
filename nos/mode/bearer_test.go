// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
)

func TestWhoBearsAnAddressIsLookedUpWhenItIsAskedFor(t *testing.T) {
	begun := time.Unix(1000, 0)
	asker, at := place{10, netip.MustParseAddr("10.7.0.2")}, place{10, netip.MustParseAddr("10.7.0.20")}
	b := make(bearers)
	for i, c := range []struct {
		after time.Duration
		is    bool // what is known by then
		want  bool
	}{
		{0, false, true}, {bearerAgain / 2, false, false}, {bearerAgain, false, true},
		{bearerAgain + bearerCheck/2, true, false}, {bearerAgain + bearerCheck, true, true}, {2*bearerAgain + bearerCheck, true, false},
	} {
		if is := b[at]; is != nil {
			is.is, is.due = c.is, false
		}
		if got := b.ask(at, asker, []byte{1}, begun.Add(c.after)); got != c.want {
			t.Errorf("%d: %v", i, got)
		}
	}
	b[at].due = false
	if got := b.of(10); !slices.Equal(got, []netip.Addr{at.address}) || len(b.of(20)) != 0 {
		t.Errorf("%v", got)
	}
	last := begun.Add(2*bearerAgain + bearerCheck)
	if b.forget(last.Add(bearerForget)) || len(b) != 1 {
		t.Error("it is forgotten too early")
	}
	if !b.forget(last.Add(bearerForget+1)) || len(b) != 0 {
		t.Error("it is not forgotten")
	}
}

func TestBearersAreBounded(t *testing.T) {
	now, a := time.Unix(1000, 0), netip.MustParseAddr("10.7.0.0")
	b := make(bearers)
	for range 2 * maxBearers {
		a = a.Next()
		b.ask(place{10, a}, place{}, nil, now)
	}
	if len(b) != maxBearers {
		t.Errorf("%d", len(b))
	}
	for _, is := range b {
		is.due = false
	}
	if !b.ask(place{10, a.Next()}, place{}, nil, now.Add(2*bearerAgain)) {
		t.Error("nobody is looked up any more")
	}
}

// told are the fabric of one network, and who is where.
type told struct {
	Fabric
	here  []linkspan.Endpoint
	names map[netip.Addr]string
}

func (f told) Ready() (bool, time.Time) { return true, time.Time{} }

func (f told) Endpoints() []linkspan.Endpoint { return f.here }

func (f told) Bearer(_ context.Context, _ linkspan.NetworkID, a netip.Addr) (string, error) {
	return f.names[a], nil
}

func TestContainersAreToldFromHosts(t *testing.T) {
	at := netip.MustParseAddr
	f := told{
		here: []linkspan.Endpoint{
			{Network: 7, Address: at("10.7.0.20"), Container: "here", Port: 20},
			{Network: 7, Address: at("10.7.0.21"), Container: "reserved"},
			{Network: 7, Address: at("10.7.0.22"), Container: "host-10-7-0-22", Port: 22},
			{Network: 8, Address: at("10.7.0.23"), Container: "other", Port: 23},
		},
		names: map[netip.Addr]string{at("10.7.0.30"): "far", at("10.7.0.31"): "host-10-7-0-31", at("10.8.0.2"): "outside"},
	}
	n := linkspan.Network{ID: 7, Subnet: netip.MustParsePrefix("10.7.0.0/24"), Gateway: at("10.7.0.1")}
	for a, want := range map[string]bool{
		"10.7.0.20": true, "10.7.0.21": false, "10.7.0.22": false, "10.7.0.23": false,
		"10.7.0.30": true, "10.7.0.31": false, "10.7.0.32": false, "10.8.0.2": false, "10.7.0.1": false,
	} {
		for _, names := range []Names{f, nil} {
			got, err := (&Link{Fabric: f, Names: names}).contains(t.Context(), n, at(a))
			if err != nil || got != (want && (names != nil || a != "10.7.0.30")) {
				t.Errorf("%s: %v, %v", a, got, err)
			}
		}
	}
}
