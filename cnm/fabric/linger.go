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
// Further streams that do not name it either give it no more time.
const lingers = time.Minute

// former is a peer that a stream had at its end.
type former struct {
	tunnel.Peer
	until time.Time // when its time is over; zero: the stream named it
}

// lingering are peers of the streams before, which this one has said nothing of.
type lingering struct {
	peers map[linkspan.ChassisID]former
	timer *time.Timer
}

// begin keeps those of before that are not wanted, and calls parted when the time of
// one is over. What is wanted at the same address, or under the same number, is not
// kept beside.
func (l *lingering) begin(before map[linkspan.ChassisID]former, want map[linkspan.ChassisID]tunnel.Peer, parted func()) {
	l.stop()
	l.peers = make(map[linkspan.ChassisID]former, len(before))
	for id, old := range before {
		if old.until.IsZero() {
			old.until = time.Now().Add(lingers)
		}
		l.peers[id] = old
	}
	for id, peer := range want {
		delete(l.peers, id)
		maps.DeleteFunc(l.peers, func(_ linkspan.ChassisID, old former) bool { return old.Underlay == peer.Underlay })
	}
	l.part(parted)
}

// part lets those go whose time is over, and calls parted when that of the next is.
func (l *lingering) part(parted func()) {
	now, next := time.Now(), time.Time{}
	for id, old := range l.peers {
		if !now.Before(old.until) {
			delete(l.peers, id)
		} else if next.IsZero() || old.until.Before(next) {
			next = old.until
		}
	}
	if len(l.peers) > 0 {
		l.timer = time.AfterFunc(next.Sub(now), parted)
	}
}

// with returns want with those that linger.
func (l *lingering) with(want map[linkspan.ChassisID]tunnel.Peer) map[linkspan.ChassisID]tunnel.Peer {
	all := maps.Clone(want)
	for id, old := range l.peers {
		if _, named := all[id]; !named {
			all[id] = old.Peer
		}
	}
	return all
}

// end returns want with those that linger, for the next stream, and lets nobody be
// called any more, but for one who is called already.
func (l *lingering) end(want map[linkspan.ChassisID]tunnel.Peer) map[linkspan.ChassisID]former {
	all := make(map[linkspan.ChassisID]former, len(want)+len(l.peers))
	maps.Copy(all, l.peers)
	for id, peer := range want {
		all[id] = former{Peer: peer}
	}
	l.stop()
	return all
}

// stop has nobody linger.
func (l *lingering) stop() {
	if l.timer != nil {
		l.timer.Stop()
	}
	l.peers = nil
}

// parted lets those go whose time is over.
func (p *peering) parted() {
	p.mu.Lock()
	p.linger.part(p.parted)
	p.mu.Unlock()
	p.signal()
}

// end hands the peers on to the next stream.
func (p *peering) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if all := p.linger.end(p.want); p.sequence != 0 { // else nothing was said in this stream
		p.f.setPeers(all)
	}
}

// peers are those that the last stream had at its end.
func (f *Fabric) peers() map[linkspan.ChassisID]former {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lastPeers
}

func (f *Fabric) setPeers(all map[linkspan.ChassisID]former) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lastPeers = all
}
