// SPDX-License-Identifier: Apache-2.0

package address

import (
	"net/netip"
	"sync"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store"
	"github.com/linkspan/linkspan/store/pool"
)

// Allocator holds one pool per network and family. Its zero value is empty and ready; its
// methods may be called concurrently.
type Allocator struct {
	mu    sync.Mutex
	pools map[space]*pool.Pool
}

// space is the addresses of one family that a network has.
type space struct {
	network linkspan.NetworkID
	ipv6    bool
}

func spaceOf(id linkspan.NetworkID, a netip.Addr) space { return space{id, a.Is6()} }

// Replace forgets all and takes what changes hold.
func (a *Allocator) Replace(changes []store.Change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pools = make(map[space]*pool.Pool)
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
		a.pools = make(map[space]*pool.Pool)
	}
	switch {
	case c.Network != nil && c.Removed:
		delete(a.pools, space{c.Network.ID, false})
		delete(a.pools, space{c.Network.ID, true})
	case c.Network != nil:
		if _, ok := a.pools[space{c.Network.ID, false}]; !ok {
			a.pools[space{c.Network.ID, false}] = poolOf(c.Network, false, c.Network.Subnet, c.Network.Range)
			a.pools[space{c.Network.ID, true}] = poolOf(c.Network, true, c.Network.Subnet6, c.Network.Range6)
		}
	case c.Endpoint != nil:
		p := a.pools[spaceOf(c.Endpoint.Network, c.Endpoint.Address)]
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

// poolOf returns nil for a record that no pool can be made of, or one without that
// family; such a network leases nothing there.
func poolOf(n *linkspan.Network, ipv6 bool, subnet, within netip.Prefix) *pool.Pool {
	if subnet.Addr().Is6() != ipv6 {
		return nil
	}
	whole := !within.IsValid() || within == subnet
	if !within.IsValid() {
		within = subnet
	}
	p, err := pool.New(within, whole)
	if err != nil {
		return nil
	}
	for _, aux := range n.Aux {
		p.Take(aux)
	}
	for _, never := range []netip.Addr{subnet.Masked().Addr(), linkspan.LastAddr(subnet), n.Gateway, n.Gateway6} {
		p.Take(never)
	}
	return p
}

// Propose takes the next free address of a network, of IPv4. It has code Exhausted
// when none is left and NotFound for a network it has not heard of.
func (a *Allocator) Propose(id linkspan.NetworkID) (netip.Addr, error) {
	return a.propose(space{id, false})
}

// ProposeIPv6 is Propose for IPv6; a network without it has code Invalid.
func (a *Allocator) ProposeIPv6(id linkspan.NetworkID) (netip.Addr, error) {
	return a.propose(space{id, true})
}

func (a *Allocator) propose(in space) (netip.Addr, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.pools[in]
	switch {
	case p == nil && in.ipv6 && a.pools[space{in.network, false}] != nil:
		return netip.Addr{}, &linkspan.Error{Code: linkspan.Invalid, Message: "network " + in.network.String() + " has no IPv6"}
	case p == nil:
		return netip.Addr{}, &linkspan.Error{Code: linkspan.NotFound, Message: "network " + in.network.String() + " does not exist"}
	}
	addr, ok := p.Next()
	if !ok {
		return netip.Addr{}, &linkspan.Error{
			Code: linkspan.Exhausted, Message: "network " + in.network.String() + " has no free address left",
			Hint: "remove containers that are no longer needed, or create a network with a larger subnet",
		}
	}
	return addr, nil
}

// Withdraw gives back a proposal that was not leased.
func (a *Allocator) Withdraw(id linkspan.NetworkID, addr netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p := a.pools[spaceOf(id, addr)]; p != nil {
		p.Free(addr)
	}
}
