// SPDX-License-Identifier: Apache-2.0

package direct

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
)

// maxAnswers bounds the answers in a second, whoever asks.
const maxAnswers = 1000

// prober probes the paths to all peers. It sends nothing itself.
type prober struct {
	number linkspan.ChassisID
	fabric uint64
	size   int // of a whole packet, bytes
	now    func() time.Time
	nonce  func() uint64 // never 0

	mu       sync.Mutex
	paths    map[linkspan.ChassisID]*path
	changed  chan struct{}
	peers    chan struct{} // there are other peers to probe
	second   time.Time     // in which answers are counted
	answered int
}

func newProber(number linkspan.ChassisID, fabric uint64, size int, now func() time.Time, nonce func() uint64) *prober {
	return &prober{
		number: number, fabric: fabric, size: size, now: now, nonce: nonce,
		paths: make(map[linkspan.ChassisID]*path), changed: make(chan struct{}, 1), peers: make(chan struct{}, 1),
	}
}

// set makes exactly these peers probed.
func (p *prober) set(peers []linkspan.ChassisID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.paths
	p.paths = make(map[linkspan.ChassisID]*path, len(peers))
	for _, id := range peers {
		if p.paths[id] = before[id]; p.paths[id] == nil {
			p.paths[id] = &path{due: p.now()}
		}
	}
	ring(p.peers)
}

// known returns the peers whose path is proved, and those whose path is lost, in
// order.
func (p *prober) known() (good, bad []linkspan.ChassisID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(p.paths)) {
		switch p.paths[id].state {
		case proved:
			good = append(good, id)
		case lost:
			bad = append(bad, id)
		}
	}
	return good, bad
}

// step returns the frames that are to be sent now, and how long nothing more
// will be.
func (p *prober) step() (frames [][]byte, pause time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	next := now.Add(lastWait)
	for id, path := range p.paths {
		send, changed := path.try(now, p.nonce())
		if changed {
			ring(p.changed)
		}
		if send {
			frames = append(frames, p.request(id, path))
		}
		if path.due.Before(next) {
			next = path.due
		}
	}
	return frames, max(next.Sub(now), time.Millisecond)
}

// request is a whole packet until the path is proved, and small from then on.
func (p *prober) request(to linkspan.ChassisID, path *path) []byte {
	ask := probe{to: to.DirectMAC(), from: p.number.DirectMAC(), kind: request, fabric: p.fabric, nonce: path.nonce}
	if path.state != proved {
		ask.size = p.size
	}
	return ask.append(nil)
}

// receive takes a frame; it returns the answer, or nil.
func (p *prober) receive(frame []byte) []byte {
	in, ok := parse(frame)
	from, ours := linkspan.ChassisOfDirectMAC(in.from)
	if !ok || !ours || in.fabric != p.fabric || in.to != p.number.DirectMAC() {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	path, now := p.paths[from], p.now()
	if path == nil {
		return nil
	}
	if in.kind == answer {
		if path.hit(now, in.nonce, interval+time.Duration(len(p.paths))*perPeer) {
			ring(p.changed)
		}
		ring(p.peers) // it is due at another time now
		return nil
	}
	if path.heard(now); path.state != proved {
		ring(p.peers)
	}
	if !p.mayAnswer(now) {
		return nil
	}
	in.to, in.from, in.kind = in.from, in.to, answer
	return in.append(nil)
}

func (p *prober) mayAnswer(now time.Time) bool {
	if now.Sub(p.second) >= time.Second {
		p.second, p.answered = now, 0
	}
	p.answered++
	return p.answered <= maxAnswers
}

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}
