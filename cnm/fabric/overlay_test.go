// SPDX-License-Identifier: Apache-2.0

package fabric_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/overlay"
	"github.com/linkspan/linkspan/cnm/fabric"
)

// overlays is the driver of overlay networks: it holds what it was told.
type overlays struct {
	mu    sync.Mutex
	have  map[uint32][]overlay.Peer
	fault error

	changes int // that were not of a whole network
}

var _ fabric.Overlays = (*overlays)(nil)

func (o *overlays) SetPeers(_ context.Context, vni uint32, peers []overlay.Peer) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fault != nil {
		return o.fault
	}
	if o.have[vni] = slices.Clone(peers); len(peers) == 0 {
		delete(o.have, vni)
	}
	return nil
}

func (o *overlays) ChangePeers(_ context.Context, vni uint32, come, gone []overlay.Peer) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fault != nil {
		return o.fault
	}
	o.changes++
	o.have[vni] = append(slices.DeleteFunc(o.have[vni], func(p overlay.Peer) bool { return slices.Contains(gone, p) }), come...)
	if len(o.have[vni]) == 0 {
		delete(o.have, vni)
	}
	return nil
}

func (o *overlays) Peered() []uint32 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Collect(maps.Keys(o.have))
}

func (o *overlays) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []string
	for vni, peers := range o.have {
		for _, p := range peers {
			all = append(all, fmt.Sprintf("%d:%s@%s", vni, p.Address, p.Host))
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func (o *overlays) setFault(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fault = err
}

func peerAt(last int, host string) *apiv1.OverlayPeer {
	return &apiv1.OverlayPeer{Address: fmt.Sprintf("10.9.0.%d", last), Mac: fmt.Sprintf("02:00:00:00:00:%02x", last), Underlay: host}
}

func say(whole bool, network uint32, removed []string, peers ...*apiv1.OverlayPeer) *apiv1.ChassisServiceFollowResponse {
	return &apiv1.ChassisServiceFollowResponse{Sequence: 2, Overlays: []*apiv1.Overlay{{Network: network, Whole: whole, Removed: removed, Peers: peers}}}
}

func overlayHost(t *testing.T, c *controller, o *overlays) *host {
	t.Helper()
	return newHost(t, c, localStore(t), func(cfg *fabric.Config) { cfg.Overlays = o })
}

func TestOverlaysArePassedOn(t *testing.T) {
	c := newController(t)
	o := &overlays{have: map[uint32][]overlay.Peer{9: {{Address: netip.MustParseAddr("10.1.0.1")}}}} // of an earlier process
	c.snapshot = say(true, 7, nil, peerAt(2, "192.0.2.1"), peerAt(3, "192.0.2.2"))
	overlayHost(t, c, o)
	is := func(want string) {
		t.Helper()
		eventually(t, "the driver knows "+want, func() bool { return o.String() == want })
	}
	is("7:10.9.0.2@192.0.2.1 7:10.9.0.3@192.0.2.2")
	eventually(t, "the snapshot is acknowledged", func() bool { c.mu.Lock(); defer c.mu.Unlock(); return len(c.acks) == 1 })

	c.say(say(false, 7, []string{"10.9.0.3"}, peerAt(4, "192.0.2.3")))
	is("7:10.9.0.2@192.0.2.1 7:10.9.0.4@192.0.2.3")
	// What cannot be reached from here, or is not understood, does not hold up the rest.
	c.say(say(false, 7, nil, peerAt(5, "2001:db8::1"), &apiv1.OverlayPeer{Address: "x"}, peerAt(6, "192.0.2.3")))
	is("7:10.9.0.2@192.0.2.1 7:10.9.0.4@192.0.2.3 7:10.9.0.6@192.0.2.3")

	if o.changes != 2 {
		t.Errorf("%d changes were passed on as such, of 2", o.changes)
	}
	c.say(say(false, 7, nil, &apiv1.OverlayPeer{Address: "10.9.0.6", Mac: "02:00:00:00:00:66", Underlay: "192.0.2.4"}))
	is("7:10.9.0.2@192.0.2.1 7:10.9.0.4@192.0.2.3 7:10.9.0.6@192.0.2.4")
	c.say(say(false, 7, nil, peerAt(6, "192.0.2.3")))
	is("7:10.9.0.2@192.0.2.1 7:10.9.0.4@192.0.2.3 7:10.9.0.6@192.0.2.3")

	o.setFault(errors.New("the kernel is busy"))
	c.say(say(true, 8, nil, peerAt(2, "192.0.2.1")))
	o.setFault(nil)
	is("7:10.9.0.2@192.0.2.1 7:10.9.0.4@192.0.2.3 7:10.9.0.6@192.0.2.3 8:10.9.0.2@192.0.2.1")

	// After a break what is not in the new snapshot goes.
	c.mu.Lock()
	c.snapshot = say(true, 8, nil, peerAt(3, "192.0.2.2"))
	c.mu.Unlock()
	c.breakStream()
	is("8:10.9.0.3@192.0.2.2")
	c.mu.Lock()
	acks := len(c.acks)
	c.mu.Unlock()
	if acks > 2 {
		t.Errorf("%d messages were acknowledged, of which two had something to acknowledge", acks)
	}
}

// An endpoint that joins waits until the others are known here.
func TestAttachWaitsForTheOthers(t *testing.T) {
	c := newController(t)
	o := &overlays{have: make(map[uint32][]overlay.Peer)}
	h := overlayHost(t, c, o)
	eventually(t, "the snapshot", h.connected)
	address := netip.MustParseAddr("10.9.0.2")
	if _, err := h.Reserve(t.Context(), 7, address, ""); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	c.after = func(call string) error {
		if call == "attach" {
			go c.say(say(true, 7, nil, peerAt(2, "192.0.2.1"), peerAt(3, "192.0.2.2")))
		}
		return nil
	}
	c.mu.Unlock()
	to := fabric.OverlayTo(func() *fabric.Fabric { return h.Fabric })
	e := cnm.Endpoint{ID: "e2", Address: netip.PrefixFrom(address, 24), MAC: linkspan.MAC{2, 0, 0, 0, 0, 2}}
	if err := to.Attach(t.Context(), 7, e); err != nil {
		t.Fatal(err)
	}
	if got := o.String(); got != "7:10.9.0.2@192.0.2.1 7:10.9.0.3@192.0.2.2" {
		t.Errorf("when it has joined, here is known: %s", got)
	}
	if stored := h.Endpoints(); len(stored) != 1 || !stored[0].Overlaid() || stored[0].ID != "e2" {
		t.Errorf("stored is %+v", stored)
	}
	if err := to.Detach(t.Context(), 7, e); err != nil {
		t.Error(err)
	}
}
