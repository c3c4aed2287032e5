// SPDX-License-Identifier: Apache-2.0

package control

import (
	"net/netip"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// roads has n networks on each of two chassis, the odd ones on the first, of all wishes,
// and one link.
func roads(n int, changes ...view.Change) *view.View {
	wishes := []linkspan.Transport{"", linkspan.Tunnel, linkspan.Direct}
	for i := range 2 * n {
		id, on := linkspan.NetworkID(i+1), linkspan.ChassisID(2-(i+1)%2)
		subnet := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0}), 24)
		changes = append(changes,
			view.PutNetwork(&linkspan.Network{ID: id, Subnet: subnet, Transport: wishes[i/2%len(wishes)]}),
			view.PutEndpoint(&linkspan.Endpoint{Network: id, Address: subnet.Addr().Next().Next(), Chassis: on, Port: uint32(i + 1)}))
	}
	l := linkspan.LinkOf(linkspan.LinkEnd{Chassis: 1, Container: "a"}, linkspan.LinkEnd{Chassis: 2, Container: "b"}, linkspan.LinkAllow)
	changes = append(changes, view.PutLink(&l))
	for id := linkspan.ChassisID(1); id <= 2; id++ {
		p := linkspan.Paths{From: id}.Set(3-id, true)
		changes = append(changes, view.PutChassis(&linkspan.Chassis{ID: id}), view.PutPaths(&p))
	}
	v, _ := new(view.View).Apply(changes...)
	return v
}

// TestTheWayOfAPairIsNotSoughtForEachPairOfNetworks: there are as many manners as
// networks differ in, whatever their number, and what changes for one of them is seen.
func TestTheWayOfAPairIsNotSoughtForEachPairOfNetworks(t *testing.T) {
	old := roads(300)
	pair := view.PairOf(1, 2)
	same, _ := old.Apply(view.PutChassis(&linkspan.Chassis{ID: 1, Name: "h1"}))
	if changesWay(old, same, pair) {
		t.Error("nothing has changed")
	}
	lost, _ := old.Apply(view.RemovePaths(1))
	if !changesWay(old, lost, pair) {
		t.Error("the path is lost")
	}
	seen := make(map[manner]bool)
	for n := range old.Networks() {
		m, both := mannerOf(old, same, n.ID)
		if seen[m] = true; !both {
			t.Errorf("%s is not in both", n.ID)
		}
	}
	if len(seen) != 3 {
		t.Errorf("manners: %v", seen)
	}
}
