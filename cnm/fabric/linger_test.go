// SPDX-License-Identifier: Apache-2.0

package fabric_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// TestPeersLingerOverANewStream: a controller that starts anew does not know yet who
// was asked for, and running routes to them go on until it says otherwise.
func TestPeersLingerOverANewStream(t *testing.T) {
	c := newController(t)
	h2 := &apiv1.Peer{Chassis: 2, Name: "h2", Underlay: "192.0.2.2"}
	h3 := &apiv1.Peer{Chassis: 3, Name: "h3", Underlay: "192.0.2.3"}
	h4 := &apiv1.Peer{Chassis: 4, Name: "h4", Underlay: "192.0.2.4"}
	c.snapshot.Peers = []*apiv1.Peer{h2, h3, h4}
	h := newHost(t, c, localStore(t))
	const two, three, four = "192.0.2.2 0e:00:00:00:00:02", "192.0.2.3 0e:00:00:00:00:03", "192.0.2.4 0e:00:00:00:00:04"
	peers := func(want ...string) func() bool {
		return func() bool { return cmp.Equal(h.peers.addresses(), want) }
	}
	eventually(t, "the first peers", peers(two, three, four))

	c.mu.Lock()
	// The fifth host has the fourth's address: who bore it before is nobody now.
	c.snapshot.Peers = []*apiv1.Peer{h2, {Chassis: 5, Name: "h5", Underlay: "192.0.2.4"}}
	streams := len(c.streams)
	c.mu.Unlock()
	c.breakStream()
	eventually(t, "another stream", func() bool { return c.followed() > streams })
	eventually(t, "the peer that it does not name", peers(two, three, "192.0.2.4 0e:00:00:00:00:05"))

	c.say(&apiv1.ChassisServiceFollowResponse{Sequence: 2, PeersRemoved: []uint32{3}})
	eventually(t, "what it says of it", func() bool { return !slices.Contains(h.peers.addresses(), three) })
}
