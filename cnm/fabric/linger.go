// SPDX-License-Identifier: Apache-2.0

package fabric

import (
	"maps"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/tunnel"
)

// lingers is how long a peer stays that the first message of a stream does not name:
// chassis which share no network are peers because a packet asked, and a controller
// that starts anew learns of it only when it sees their routes, which run meanwhile.
const lingers = time.Minute

// lingering are peers of the stream before, which this one has said nothing of.
type lingering struct {
	peers map[linkspan.ChassisID]tunnel.Peer
	timer *time.Timer
}

// begin keeps those of before that are not wanted, and calls parted when their time
// is over. What is wanted at the same address, or under the same number, is not kept
// beside.
func (l *lingering) begin(before, want map[linkspan.ChassisID]tunnel.Peer, parted func()) {
	l.stop()
	l.peers = maps.Clone(before)
	for id, peer := range want {
		delete(l.peers, id)
		maps.DeleteFunc(l.peers, func(_ linkspan.ChassisID, old tunnel.Peer) bool { return old.Underlay == peer.Underlay })
	}
	if len(l.peers) > 0 {
		l.timer = time.AfterFunc(lingers, parted)
	}
}

// with returns want with those that linger.
func (l *lingering) with(want map[linkspan.ChassisID]tunnel.Peer) map[linkspan.ChassisID]tunnel.Peer {
	all := maps.Clone(want)
	for id, peer := range l.peers {
		if _, named := all[id]; !named {
			all[id] = peer
		}
	}
	return all
}

// stop lets nobody be called any more, but for one who is called already.
func (l *lingering) stop() {
	if l.timer != nil {
		l.timer.Stop()
	}
}

// parted lets those that linger go.
func (p *peering) parted() {
	p.mu.Lock()
	clear(p.linger.peers)
	p.mu.Unlock()
	p.signal()
}

// end hands the peers on to the next stream.
func (p *peering) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.linger.stop()
	if p.sequence != 0 { // else nothing was said in this stream
		p.f.setPeers(p.linger.with(p.want))
	}
}

// peers are those that the last stream had at its end.
func (f *Fabric) peers() map[linkspan.ChassisID]tunnel.Peer {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lastPeers
}

func (f *Fabric) setPeers(all map[linkspan.ChassisID]tunnel.Peer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lastPeers = all
}
