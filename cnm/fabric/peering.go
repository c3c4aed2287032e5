// SPDX-License-Identifier: Apache-2.0

package fabric

import (
	"bytes"
	"context"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/ovs/tunnel"
)

// peering brings the peers of one stream into place and acknowledges them, again
// whenever the direct paths to them change. It looks only at the newest state:
// messages that come while it works are done together, and one acknowledgement
// stands for all of them.
type peering struct {
	f      *Fabric
	wake   chan struct{}
	before map[linkspan.ChassisID]former // of the stream before

	mu       sync.Mutex
	want     map[linkspan.ChassisID]tunnel.Peer
	linger   lingering
	sequence uint64 // of the last message that want includes

	placed map[linkspan.ChassisID]tunnel.Peer // used by run only; nil: not known, set all
	told   string                             // used by run only: the error last logged
}

func newPeering(f *Fabric) *peering {
	return &peering{f: f, wake: make(chan struct{}, 1), want: make(map[linkspan.ChassisID]tunnel.Peer), before: f.peers()}
}

// apply takes the peers of one message in; it does not wait for them.
func (p *peering) apply(m *apiv1.ChassisServiceFollowResponse) {
	p.mu.Lock()
	if m.GetSnapshot() {
		clear(p.want)
	}
	for _, message := range m.GetPeers() {
		p.want[linkspan.ChassisID(message.GetChassis())] = p.read(message)
	}
	for _, id := range m.GetPeersRemoved() {
		delete(p.want, linkspan.ChassisID(id))
		delete(p.linger.peers, linkspan.ChassisID(id))
	}
	if m.GetSnapshot() {
		p.linger.begin(p.before, p.want, p.parted)
	}
	p.sequence = m.GetSequence()
	p.mu.Unlock()
	p.signal()
}

func (p *peering) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// read returns the peer of a message. One that no tunnel from here can reach
// must not hold up the others: it is without an address, and left out.
func (p *peering) read(m *apiv1.Peer) tunnel.Peer {
	id := linkspan.ChassisID(m.GetChassis())
	underlay, err := netip.ParseAddr(m.GetUnderlay())
	own := p.f.cfg.Underlay
	if err != nil || own.IsValid() && own.Is4() != underlay.Unmap().Is4() || own == underlay.Unmap() {
		p.f.cfg.Log.Error("peer cannot be reached", "chassis", m.GetName(), "underlay", m.GetUnderlay(), "error", err)
		underlay = netip.Addr{}
	}
	return tunnel.Peer{MAC: id.TunnelMAC(), Underlay: underlay.Unmap()}
}

// run works until ctx ends.
func (p *peering) run(ctx context.Context) {
	var pauses backoff
	defer p.end()
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		case <-p.changed():
			if !p.begun() { // nothing to acknowledge yet
				continue
			}
		}
		for err := p.step(ctx); err != nil; err = p.step(ctx) {
			p.tell(ctx, err)
			if pauses.wait(ctx, p.wake) != nil {
				return
			}
		}
		pauses.reset()
		p.told = ""
	}
}

// tell logs an error once, not at each try.
func (p *peering) tell(ctx context.Context, err error) {
	if text := err.Error(); ctx.Err() == nil && text != p.told {
		p.told = text
		p.f.cfg.Log.Warn("peers are not in place", "error", err)
	}
}

// step places what is wanted now and acknowledges it.
func (p *peering) step(ctx context.Context) error {
	p.mu.Lock()
	want, sequence := p.linger.with(p.want), p.sequence
	p.mu.Unlock()
	if err := p.place(ctx, want); err != nil {
		p.placed = nil
		return err
	}
	p.placed = want
	if paths := p.f.cfg.Paths; paths != nil {
		paths.SetPeers(slices.Sorted(maps.Keys(want)))
	}
	ctx, cancel := context.WithTimeout(ctx, p.f.cfg.Attempt)
	defer cancel()
	_, err := p.f.cfg.Client.Acknowledge(ctx, connect.NewRequest(&apiv1.ChassisServiceAcknowledgeRequest{
		Sequence: sequence, Paths: p.f.paths(),
	}))
	return api.FromRPC(err)
}

// changed is when the paths may have changed.
func (p *peering) changed() <-chan struct{} {
	if p.f.cfg.Paths == nil {
		return nil
	}
	return p.f.cfg.Paths.Changed()
}

// begun says whether the stream has brought a message.
func (p *peering) begun() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sequence != 0
}

// paths is the report on the direct paths.
func (f *Fabric) paths() *apiv1.Paths {
	if f.cfg.Paths == nil {
		return &apiv1.Paths{None: true}
	}
	m := new(apiv1.Paths)
	proved, lost := f.cfg.Paths.Paths()
	for _, id := range proved {
		m.Proved = append(m.Proved, uint32(id))
	}
	for _, id := range lost {
		m.Lost = append(m.Lost, uint32(id))
	}
	return m
}

// place makes want exist; peers to be removed go first, as an underlay address
// may have moved from one chassis to another.
func (p *peering) place(ctx context.Context, want map[linkspan.ChassisID]tunnel.Peer) error {
	peers := p.f.cfg.Peers
	if p.placed == nil {
		return peers.SetPeers(ctx, reachable(want))
	}
	for id, old := range p.placed {
		if want[id].Underlay.IsValid() || !old.Underlay.IsValid() {
			continue
		}
		if err := peers.RemovePeer(ctx, old.MAC); err != nil {
			return err
		}
	}
	for id, peer := range want {
		if p.placed[id] == peer || !peer.Underlay.IsValid() {
			continue
		}
		if err := peers.AddPeer(ctx, peer); err != nil {
			return err
		}
	}
	return nil
}

func reachable(m map[linkspan.ChassisID]tunnel.Peer) []tunnel.Peer {
	var peers []tunnel.Peer
	for _, peer := range m {
		if peer.Underlay.IsValid() {
			peers = append(peers, peer)
		}
	}
	slices.SortFunc(peers, func(a, b tunnel.Peer) int { return bytes.Compare(a.MAC[:], b.MAC[:]) })
	return peers
}
