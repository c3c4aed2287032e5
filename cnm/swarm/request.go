// SPDX-License-Identifier: Apache-2.0

package swarm

import (
	"context"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/store/kv"
)

// RequestPool enters a new pool, of the subnet or of a free one. The error has
// code Invalid for what a network cannot have.
func (b *Books) RequestPool(ctx context.Context, req cnm.PoolRequest) (cnm.Pool, error) {
	if req.IPv6 || req.Subnet.IsValid() && !req.Subnet.Addr().Is4() {
		return cnm.Pool{}, &linkspan.Error{
			Code: linkspan.Invalid, Message: "IPv6 is not supported yet", Hint: "leave out --ipv6 and give IPv4 subnets only",
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	// A subnet that is asked for may be that of a network which is here already:
	// it is asked for anew by each manager that takes over.
	if !req.Subnet.IsValid() {
		for _, r := range b.pools {
			req.Taken = append(req.Taken, r.Subnet)
		}
	}
	p, err := b.ipam.RequestPool(ctx, req)
	if err != nil {
		return cnm.Pool{}, err
	}
	r := record{ID: p.ID, Subnet: p.Subnet, Range: p.Range, Created: b.cfg.Now()}
	if err := b.enter(ctx, r); err != nil {
		return cnm.Pool{}, err
	}
	b.used[r.ID] = make(map[netip.Addr]struct{})
	b.ring() // which forgets it in time
	return p, nil
}

// enter writes a pool; the lock is held.
func (b *Books) enter(ctx context.Context, r record) error {
	put, err := putPool(r)
	if err != nil {
		return err
	}
	if err := b.write(ctx, put); err != nil {
		return err
	}
	b.pools[r.ID] = r
	return nil
}

// ReleasePool strikes a pool out, with its addresses; one that is not there is
// fine.
func (b *Books) ReleasePool(ctx context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.strike(ctx, nil, id)
}

// strike takes pools out, after what is to be written before: them before their
// addresses, as those that a crash in between leaves are seen to be nobody's. The
// lock is held.
func (b *Books) strike(ctx context.Context, ops []kv.Op, ids ...string) error {
	var addresses []kv.Op
	for _, id := range ids {
		ops = append(ops, kv.Delete(poolPrefix+id))
		for a := range b.used[id] {
			addresses = append(addresses, kv.Delete(addressKey(id, a)))
		}
	}
	ops = append(ops, addresses...)
	if err := b.write(ctx, ops...); err != nil {
		return err
	}
	for _, id := range ids {
		if err := b.ipam.ReleasePool(ctx, cnm.Pool{ID: id}); err != nil {
			return err
		}
		delete(b.pools, id)
		delete(b.used, id)
	}
	return nil
}

// RequestAddress promises an address: the network's own, the wanted one, or the
// next that is free. Codes: NotFound for a pool that is not in the books; Exists
// when the wanted address is promised already; Exhausted.
func (b *Books) RequestAddress(ctx context.Context, wish cnm.AddressWish) (netip.Prefix, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, ok := b.pools[wish.Pool]
	if !ok {
		return netip.Prefix{}, &linkspan.Error{
			Code: linkspan.NotFound, Op: "request address of pool " + wish.Pool, Message: "there is no such pool",
			Hint: "remove the network and create it again",
		}
	}
	req := cnm.AddressRequest{Pool: r.pool(), Want: wish.Want, Container: wish.Container}
	if wish.Gateway {
		req.Kind = cnm.GatewayAddress
	}
	address, err := b.ipam.RequestAddress(ctx, req)
	if err != nil {
		return netip.Prefix{}, err
	}
	if wish.Gateway {
		r.Gateway = address.Addr()
		return address, b.enter(ctx, r)
	}
	if err := b.write(ctx, kv.Put(addressKey(r.ID, address.Addr()), nil)); err != nil {
		_ = b.release(ctx, r.ID, address.Addr()) // it is in memory alone, where this does not fail
		return netip.Prefix{}, err
	}
	b.used[r.ID][address.Addr()] = struct{}{}
	return address, nil
}

// ReleaseAddress takes a promise back; one that was not given is fine.
func (b *Books) ReleaseAddress(ctx context.Context, pool string, address netip.Addr) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, promised := b.used[pool][address]; !promised {
		return nil
	}
	if err := b.write(ctx, kv.Delete(addressKey(pool, address))); err != nil {
		return err
	}
	delete(b.used[pool], address)
	return b.release(ctx, pool, address)
}

func (b *Books) release(ctx context.Context, pool string, address netip.Addr) error {
	return b.ipam.ReleaseAddress(ctx, cnm.Lease{Pool: pool, Address: netip.PrefixFrom(address, address.BitLen())})
}
