// SPDX-License-Identifier: Apache-2.0

package peering

import "github.com/linkspan/linkspan"

// Following says whether a chassis's switch process follows at this moment.
func (p *Peering) Following(id linkspan.ChassisID) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	s := p.sites[id]
	return s != nil && s.stream != nil
}

// Share says whether two chassis are peers: they share a network, or a packet
// between them asked for it.
func (p *Peering) Share(a, b linkspan.ChassisID) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.peers(a, b)
}
