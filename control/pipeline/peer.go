// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

// ofPeer is what a chassis has for each other to which the direct path is
// proved by both: its frames, and nobody else's, come in.
func ofPeer(on, peer linkspan.ChassisID) Set {
	o := owner{KindPeer, uint64(peer)}
	sender := apply(openflow.Actions(nil).SetUint(openflow.Reg(regSender), uint64(peer))).GotoTable(tableDirect)
	var set Set
	for _, f := range families {
		m := match().InPort(linkspan.DirectPort).EthDst(on.DirectMAC()).EthSrc(peer.DirectMAC()).EthType(f.ethType)
		set.Flows = append(set.Flows, o.flow(tableClassify, priorityPass, m, sender))
	}
	return set
}

// peerIn is ofPeer, empty when the path is not proved.
func peerIn(v *view.View, on, peer linkspan.ChassisID) Set {
	if !v.Path(on, peer) {
		return Set{}
	}
	return ofPeer(on, peer)
}

// Peers returns the part of what a chassis has in v that lets in what comes by direct paths
// which d is about.
func Peers(v *view.View, d *view.Delta, on linkspan.ChassisID) (s Set) {
	for _, peer := range changedPeers(d, on) {
		s.add(peerIn(v, on, peer))
	}
	return s
}

// changedPeers returns the chassis whose path to this one changed.
func changedPeers(d *view.Delta, on linkspan.ChassisID) (peers []linkspan.ChassisID) {
	for pair := range d.PathPairs() {
		switch on {
		case pair.A:
			peers = append(peers, pair.B)
		case pair.B:
			peers = append(peers, pair.A)
		}
	}
	return peers
}
