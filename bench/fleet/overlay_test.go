// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"net/netip"
	"testing"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

func say(whole bool, network uint32, removed []string, addresses ...string) *apiv1.Overlay {
	o := &apiv1.Overlay{Network: network, Whole: whole, Removed: removed}
	for _, a := range addresses {
		o.Peers = append(o.Peers, &apiv1.OverlayPeer{Address: a})
	}
	return o
}

// TestHostsKnowOverlays: what they are told adds up, as on a real host.
func TestHostsKnowOverlays(t *testing.T) {
	f := new(Fleet)
	h := &Host{fleet: f, overlays: make(overlays)}
	f.Hosts = []*Host{h}
	const a, b, c = "10.0.0.1", "10.0.0.2", "10.0.0.3"
	for _, step := range []struct {
		name     string
		snapshot bool
		told     []*apiv1.Overlay
		want     int
	}{
		{"the snapshot", true, []*apiv1.Overlay{say(true, 7, nil, a, b), say(true, 8, nil, a)}, 3},
		{"one more, twice", false, []*apiv1.Overlay{say(false, 7, nil, c), say(false, 7, nil, c)}, 4},
		{"one goes, another comes", false, []*apiv1.Overlay{say(false, 7, []string{a}, "10.0.0.4")}, 4},
		{"all anew", false, []*apiv1.Overlay{say(true, 7, nil, a)}, 2},
		{"its last one went", false, []*apiv1.Overlay{say(true, 8, nil)}, 1},
		{"nothing of overlays", false, nil, 1},
		{"another snapshot", true, []*apiv1.Overlay{say(true, 9, nil, a, b, c)}, 3},
	} {
		if err := h.learn(&apiv1.ChassisServiceFollowResponse{Snapshot: step.snapshot, Overlays: step.told}); err != nil {
			t.Fatal(step.name, err)
		}
		if got := f.Overlaid(); got != step.want {
			t.Errorf("%s: it knows %d, want %d", step.name, got, step.want)
		}
	}
	if err := h.learn(&apiv1.ChassisServiceFollowResponse{Overlays: []*apiv1.Overlay{say(false, 7, nil, "here")}}); err == nil {
		t.Error("an endpoint without an address is taken")
	}
}

// TestEndpointsAreSeen: whoever waits for an endpoint of an overlay is told when
// enough hosts know it, or know it no more.
func TestEndpointsAreSeen(t *testing.T) {
	f := new(Fleet)
	f.Hosts = []*Host{{fleet: f, overlays: make(overlays)}, {fleet: f, overlays: make(overlays)}}
	tell := func(o *apiv1.Overlay) func() error {
		return func() error {
			for _, h := range f.Hosts {
				if err := h.learn(&apiv1.ChassisServiceFollowResponse{Overlays: []*apiv1.Overlay{say(false, 9, nil, "10.0.0.1"), o}}); err != nil {
					return err
				}
			}
			return nil
		}
	}
	one := Seen{Network: 7, Address: netip.MustParseAddr("10.0.0.1")}
	if err := f.Until(t.Context(), one, 2, tell(say(false, 7, nil, "10.0.0.1", "10.0.0.2"))); err != nil {
		t.Error(err)
	}
	one.Gone = true
	if err := f.Until(t.Context(), one, 2, tell(say(false, 7, []string{"10.0.0.1"}))); err != nil {
		t.Error(err)
	}
}
