// SPDX-License-Identifier: Apache-2.0

package peering

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

func at(last byte) netip.Addr { return netip.AddrFrom4([4]byte{10, 9, 0, last}) }

// overlaid is an endpoint of an overlay; mac is the last byte of its MAC.
func overlaid(network linkspan.NetworkID, last byte, on linkspan.ChassisID, mac byte) view.Change {
	return view.PutEndpoint(&linkspan.Endpoint{
		Network: network, Address: at(last), Chassis: on, Driver: linkspan.Overlay, MAC: linkspan.MAC{2, 0, 0, 0, 0, mac},
	})
}

// String is an update of overlays as tests read it.
func (o Overlay) String() string {
	words := []string{fmt.Sprintf("%d", o.Network)}
	if o.Whole {
		words = append(words, "whole")
	}
	for _, p := range o.Peers {
		words = append(words, fmt.Sprintf("%s=%d@%s", p.Address, p.MAC[5], p.Underlay))
	}
	for _, a := range o.Removed {
		words = append(words, "-"+a.String())
	}
	return strings.Join(words, " ")
}

func overlaysOf(s *Stream, sequence uint64) string {
	u, _ := s.Take(sequence)
	var all []string
	for _, o := range u.Overlays {
		all = append(all, o.String())
	}
	return strings.Join(all, "; ")
}

func wants(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: told %q, want %q", what, got, want)
	}
}

func TestOverlaysAreToldToThoseInThem(t *testing.T) {
	w := newWorld(3)
	w.update(overlaid(7, 2, 1, 2))
	a, b, c := w.p.Attach(1), w.p.Attach(2), w.p.Attach(3)
	wants(t, "the snapshot", overlaysOf(a, 1), "7 whole 10.9.0.2=2@192.0.2.1")
	wants(t, "the snapshot of one outside", overlaysOf(b, 1), "")
	overlaysOf(c, 1)

	w.update(overlaid(7, 3, 2, 3))
	wants(t, "one more", overlaysOf(a, 2), "7 10.9.0.3=3@192.0.2.2")
	wants(t, "the first of a chassis", overlaysOf(b, 2), "7 whole 10.9.0.2=2@192.0.2.1 10.9.0.3=3@192.0.2.2")
	if u, ok := c.Take(2); ok {
		t.Errorf("one outside is told %+v", u)
	}
	if w.v.Share(1, 2) {
		t.Error("an overlay makes peers of the tunnel")
	}

	// A name is nothing that anybody must be told.
	w.update(view.PutEndpoint(&linkspan.Endpoint{
		Network: 7, Address: at(3), Chassis: 2, Driver: linkspan.Overlay, MAC: linkspan.MAC{2, 0, 0, 0, 0, 3}, Container: "c2",
	}))
	if u, ok := a.Take(3); ok {
		t.Errorf("of a name is told %+v", u)
	}
	w.update(overlaid(7, 3, 2, 4))
	wants(t, "another MAC", overlaysOf(a, 3), "7 10.9.0.3=4@192.0.2.2")
	w.update(view.PutChassis(chassis(2, 99)))
	wants(t, "a host that moved", overlaysOf(a, 4), "7 whole 10.9.0.2=2@192.0.2.1 10.9.0.3=4@192.0.2.99")
	w.update(view.RemoveEndpoint(7, at(3)))
	wants(t, "one that went", overlaysOf(a, 5), "7 -10.9.0.3")
	wants(t, "the last of a chassis", overlaysOf(b, 3), "7 whole")
}

func TestSitesApartAreNotTold(t *testing.T) {
	w := newWorld(2)
	far := chassis(2, 2)
	far.Site = "ams"
	w.update(view.PutChassis(far), overlaid(7, 2, 1, 2), overlaid(7, 3, 2, 3))
	a := w.p.Attach(1)
	wants(t, "apart", overlaysOf(a, 1), "7 whole 10.9.0.2=2@192.0.2.1")
	w.update(overlaid(7, 4, 2, 4))
	wants(t, "one more there", overlaysOf(a, 2), "7 -10.9.0.4")
	clear := linkspan.ClearanceOf("ams", linkspan.DefaultSite)
	w.update(view.PutClearance(&clear))
	wants(t, "allowed", overlaysOf(a, 3), "7 whole 10.9.0.2=2@192.0.2.1 10.9.0.3=3@192.0.2.2 10.9.0.4=4@192.0.2.2")
	w.update(view.RemoveClearance("ams", linkspan.DefaultSite))
	wants(t, "forbidden again", overlaysOf(a, 4), "7 whole 10.9.0.2=2@192.0.2.1")
	w.update(view.PutChassis(chassis(2, 2)))
	wants(t, "moved into one site", overlaysOf(a, 5), "7 whole 10.9.0.2=2@192.0.2.1 10.9.0.3=3@192.0.2.2 10.9.0.4=4@192.0.2.2")
}

// One that leaves an overlay and comes back before it is told of either is told
// what was forbidden meanwhile.
func TestWhatIsForbiddenInAbsence(t *testing.T) {
	w := newWorld(2)
	far, clear := chassis(2, 2), linkspan.ClearanceOf("ams", linkspan.DefaultSite)
	far.Site = "ams"
	w.update(view.PutChassis(far), view.PutClearance(&clear), overlaid(7, 2, 1, 2), overlaid(7, 3, 2, 3))
	a := w.p.Attach(1)
	wants(t, "allowed", overlaysOf(a, 1), "7 whole 10.9.0.2=2@192.0.2.1 10.9.0.3=3@192.0.2.2")
	w.update(view.RemoveEndpoint(7, at(2)))
	w.update(view.RemoveClearance("ams", linkspan.DefaultSite))
	w.update(overlaid(7, 2, 1, 2))
	wants(t, "back", overlaysOf(a, 2), "7 whole 10.9.0.2=2@192.0.2.1")
}

// held is what a chassis knows that takes what it is told.
type held map[linkspan.NetworkID]map[netip.Addr]string

func (h held) take(u Update) {
	if u.Snapshot {
		clear(h)
	}
	for _, o := range u.Overlays {
		if o.Whole || h[o.Network] == nil {
			h[o.Network] = make(map[netip.Addr]string)
		}
		for _, p := range o.Peers {
			h[o.Network][p.Address] = fmt.Sprintf("%d@%s", p.MAC[5], p.Underlay)
		}
		for _, a := range o.Removed {
			delete(h[o.Network], a)
		}
		if len(h[o.Network]) == 0 {
			delete(h, o.Network)
		}
	}
}

// shouldHold is the same, asked of the View.
func shouldHold(v *view.View, id linkspan.ChassisID) held {
	h := make(held)
	for e := range v.Endpoints() {
		c := v.Chassis(e.Chassis)
		if !e.Overlaid() || !v.InOverlay(e.Network, id) || c == nil || !v.Clear(id, c.ID) {
			continue
		}
		if h[e.Network] == nil {
			h[e.Network] = make(map[netip.Addr]string)
		}
		h[e.Network][e.Address] = fmt.Sprintf("%d@%s", e.MAC[5], c.Underlay)
	}
	return h
}

// Whatever happens, who takes what it is told knows what the View has.
func TestWhatIsToldIsWhatThereIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(3)
		var streams [4]*Stream
		holds := [4]held{{}, {}, {}, {}}
		for sequence := uint64(1); sequence < 40; sequence++ {
			id := linkspan.ChassisID(rapid.IntRange(1, 3).Draw(t, "chassis"))
			network := linkspan.NetworkID(rapid.IntRange(7, 8).Draw(t, "network"))
			last := rapid.ByteRange(1, 4).Draw(t, "address")
			switch rapid.IntRange(0, 7).Draw(t, "what") {
			case 0, 1:
				w.update(overlaid(network, last, id, rapid.ByteRange(1, 2).Draw(t, "mac")))
			case 2:
				w.update(view.RemoveEndpoint(network, at(last)))
			case 3:
				c := chassis(id, byte(id)+10*rapid.ByteRange(0, 1).Draw(t, "moved"))
				c.Site = rapid.SampledFrom([]string{"", "ams"}).Draw(t, "site")
				w.update(view.PutChassis(c))
			case 4:
				clear := linkspan.ClearanceOf("ams", linkspan.DefaultSite)
				w.update(view.PutClearance(&clear))
			case 5:
				w.update(view.RemoveClearance("ams", linkspan.DefaultSite))
			case 6:
				streams[id] = w.p.Attach(id)
			case 7:
				if streams[id] != nil {
					streams[id].Close()
					streams[id] = nil
				}
			}
			for id, s := range streams {
				if s == nil || rapid.Bool().Draw(t, "takes") {
					continue
				}
				u, _ := s.Take(sequence)
				holds[id].take(u)
				if diff := cmp.Diff(shouldHold(w.v, linkspan.ChassisID(id)), holds[id], cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
					t.Fatalf("chassis %d (-view +told):\n%s", id, diff)
				}
			}
		}
	})
}
