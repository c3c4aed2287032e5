// SPDX-License-Identifier: Apache-2.0

package fabric_test

import (
	"context"
	"net/netip"
	"slices"
	"sync"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/fabric"
	"github.com/linkspan/linkspan/ovs/tunnel"
)

// peers is the tunnel: it writes down what it was told.
type peers struct {
	mu    sync.Mutex
	told  []string
	fault error
	have  map[linkspan.MAC]netip.Addr
}

var _ fabric.Peers = (*peers)(nil)

func (p *peers) SetPeers(_ context.Context, all []tunnel.Peer) error {
	return p.do("set", func() {
		p.have = make(map[linkspan.MAC]netip.Addr)
		for _, peer := range all {
			p.have[peer.MAC] = peer.Underlay
		}
	})
}

func (p *peers) AddPeer(_ context.Context, peer tunnel.Peer) error {
	return p.do("add "+peer.Underlay.String(), func() { p.have[peer.MAC] = peer.Underlay })
}

func (p *peers) RemovePeer(_ context.Context, mac linkspan.MAC) error {
	return p.do("remove "+mac.String(), func() { delete(p.have, mac) })
}

func (p *peers) do(what string, change func()) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, what)
	if p.fault != nil {
		return p.fault
	}
	change()
	return nil
}

func (p *peers) addresses() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for mac, underlay := range p.have {
		out = append(out, underlay.String()+" "+mac.String())
	}
	slices.Sort(out)
	return out
}
