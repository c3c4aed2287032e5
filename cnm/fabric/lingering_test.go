// SPDX-License-Identifier: Apache-2.0

package fabric

import (
	"maps"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/tunnel"
)

// TestLingeringHasAnEnd: each peer has its time once, however many streams come that do
// not name it.
func TestLingeringHasAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		two := tunnel.Peer{Underlay: netip.MustParseAddr("192.0.2.2")}
		three := tunnel.Peer{Underlay: netip.MustParseAddr("192.0.2.3")}
		p := &peering{f: new(Fabric), wake: make(chan struct{}, 1), want: map[linkspan.ChassisID]tunnel.Peer{2: two, 3: three}, sequence: 1}
		p.end()
		stream := func(peers map[linkspan.ChassisID]tunnel.Peer) {
			t.Helper()
			p = &peering{f: p.f, wake: make(chan struct{}, 1), want: peers, sequence: 1}
			p.linger.begin(p.f.peers(), p.want, p.parted)
		}
		has := func(ids ...linkspan.ChassisID) {
			t.Helper()
			synctest.Wait()
			p.mu.Lock()
			defer p.mu.Unlock()
			if got := slices.Sorted(maps.Keys(p.linger.with(p.want))); !slices.Equal(got, ids) {
				t.Errorf("peers: %v, want %v", got, ids)
			}
		}
		stream(map[linkspan.ChassisID]tunnel.Peer{2: two})
		has(2, 3)
		time.Sleep(40 * time.Second)
		p.end()
		stream(map[linkspan.ChassisID]tunnel.Peer{})
		has(2, 3)
		time.Sleep(20 * time.Second)
		has(2)
		<-p.wake // it is told
		time.Sleep(39 * time.Second)
		has(2)
		time.Sleep(time.Second)
		has()
		<-p.wake
		p.end()
	})
}
