// SPDX-License-Identifier: Apache-2.0

package address

import (
	"net/netip"
	"sync"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store"
	"github.com/linkspan/linkspan/store/pool"
)

// Allocator holds one pool per network. Its zero value is empty and ready; its
// methods may be called concurrently.
type Allocator struct {
	mu    sync.Mutex
	pools map[linkspan.NetworkID]*pool.Pool
}

// Replace forgets all and takes what changes hold.
func (a *Allocator) Replace(changes []store.Change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pools = make(map[linkspan.NetworkID]*pool.Pool)
	for pass := range 2 { // networks first, whatever their order
		for _, c := range changes {
			if (c.Network != nil) == (pass == 0) {
				a.apply(c)
			}
		}
	}
}

// Apply takes in what changed.
func (a *Allocator) Apply(changes []store.Change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range changes {
		a.apply(c)
	}
}

func (a *Allocator) apply(c store.Change) {
	if a.pools == nil {
		a.pools = make(map[linkspan.NetworkID]*pool.Pool)
	}
	switch {
	case c.Network != nil && c.Removed:
		delete(a.pools, c.Network.ID)
	case c.Network != nil:
		if _, ok := a.pools[c.Network.ID]; !ok {
			a.pools[c.Network.ID] = poolOf(c.Network)
		}
	case c.Endpoint != nil:
		p := a.pools[c.Endpoint.Network]
		if p == nil {
			return
		}
		if c.Removed {
			p.Free(c.Endpoint.Address)
		} else {
			p.Take(c.Endpoint.Address)
		}
	}
}

// poolOf returns nil for a record that no pool can be made of; such a network
// leases nothing.
func poolOf(n *linkspan.Network) *pool.Pool {
	within, whole := n.Subnet, true
	if n.Range.IsValid() {
		within, whole = n.Range, n.Range == n.Subnet
	}
	p, err := pool.New(within, whole)
	if err != nil {
		return nil
	}
	for _, aux := range n.Aux {
		p.Take(aux)
	}
	for _, never := range []netip.Addr{n.Subnet.Masked().Addr(), linkspan.LastAddr(n.Subnet), n.Gateway} {
		p.Take(never)
	}
	return p
}

// Propose takes the next free address of a network. It has code Exhausted when
// none is left and NotFound for a network it has not heard of.
func (a *Allocator) Propose(id linkspan.NetworkID) (netip.Addr, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.pools[id]
	if p == nil {
		return netip.Addr{}, &linkspan.Error{Code: linkspan.NotFound, Message: "network " + id.String() + " does not exist"}
	}
	addr, ok := p.Next()
	if !ok {
		return netip.Addr{}, &linkspan.Error{
			Code: linkspan.Exhausted, Message: "network " + id.String() + " has no free address left",
			Hint: "remove containers that are no longer needed, or create a network with a larger subnet",
		}
	}
	return addr, nil
}

// Withdraw gives back a proposal that was not leased.
func (a *Allocator) Withdraw(id linkspan.NetworkID, addr netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p := a.pools[id]; p != nil {
		p.Free(addr)
	}
}
