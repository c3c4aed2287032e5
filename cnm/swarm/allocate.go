// SPDX-License-Identifier: Apache-2.0

package swarm

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/store/kv"
)

// Allocate tells of a network of the swarm: the pool that was asked for last with
// its subnet is its own, and takes the place of one that it had. The error has
// code NotFound when there is no such pool; what the driver cannot do is refused
// here, as hosts would only say so task by task.
func (b *Books) Allocate(ctx context.Context, n cnm.Network) error {
	if err := b.cfg.Check(n); err != nil {
		return err
	}
	return b.allocate(ctx, n.ID, n.Subnet)
}

func (b *Books) allocate(ctx context.Context, network string, subnet netip.Prefix) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var last record
	var before []string
	for _, r := range b.pools {
		switch {
		case r.Network == network:
			before = append(before, r.ID)
		case r.Network == "" && r.Subnet == subnet && r.Created.After(last.Created):
			last = r
		}
	}
	back := []kv.Op{kv.Delete(freedPrefix + network)} // it may have been freed by mistake
	if last.ID == "" && len(before) > 0 {             // told of twice
		err := b.write(ctx, back...)
		if err == nil {
			delete(b.freed, network)
		}
		return err
	}
	if last.ID == "" {
		return &linkspan.Error{
			Code: linkspan.NotFound, Op: "allocate network " + network,
			Message: "no pool was requested for subnet " + subnet.String() + ", or it has expired", Hint: "create the network again",
		}
	}
	last.Network = network
	put, err := putPool(last)
	if err == nil {
		err = b.strike(ctx, append(back, put), before...)
	}
	if err != nil {
		return err
	}
	b.pools[last.ID] = last
	delete(b.freed, network)
	return nil
}

// Free ends a network of the swarm. It leaves the fabric when no host has a
// container in it any more; that is waited for elsewhere.
func (b *Books) Free(ctx context.Context, network string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var ids []string
	for _, r := range b.pools {
		if r.Network == network {
			ids = append(ids, r.ID)
		}
	}
	now := b.cfg.Now().UTC()
	if err := b.strike(ctx, []kv.Op{kv.Put(freedPrefix+network, []byte(now.Format(time.RFC3339)))}, ids...); err != nil {
		return err
	}
	b.freed[network] = now
	b.ring()
	return nil
}

// tidy is the one step of Run. An error means that it is to be tried again soon.
func (b *Books) tidy(ctx context.Context) error {
	if err := b.forget(ctx); err != nil {
		return err
	}
	if connected, _ := b.cfg.Fabric.Ready(); !connected {
		return nil // the fabric tells when it is
	}
	freed := b.farewells()
	var errs []error
	for _, n := range b.cfg.Fabric.Networks() {
		id := b.cfg.Of(n)
		if _, gone := freed[id]; id == "" || !gone {
			continue
		}
		if err := b.leave(ctx, n, id); err != nil {
			errs = append(errs, fmt.Errorf("remove network %s: %w", n.Name, err))
		}
	}
	return errors.Join(errs...)
}

// leave removes a freed network from the fabric, unless the swarm has it after
// all: managers free a network also when they fail to write that they have
// allocated it, and another one does so then.
func (b *Books) leave(ctx context.Context, n linkspan.Network, id string) error {
	ctx, cancel := context.WithTimeout(ctx, oneCall)
	defer cancel()
	lives, err := b.cfg.Lives(ctx, id)
	if err != nil {
		return err
	}
	if lives {
		return b.unfree(ctx, id)
	}
	err = b.cfg.Fabric.Remove(ctx, n.ID)
	if err != nil && linkspan.CodeOf(err) != linkspan.NotFound {
		return err
	}
	b.cfg.Log.Info("network of the swarm removed from the fabric", "name", n.Name, "network", n.ID, "swarm", id)
	return nil
}

func (b *Books) unfree(ctx context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.write(ctx, kv.Delete(freedPrefix+id))
	if err == nil {
		delete(b.freed, id)
	}
	return err
}

// farewells returns the networks that were freed.
func (b *Books) farewells() map[string]struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	freed := make(map[string]struct{}, len(b.freed))
	for id := range b.freed {
		freed[id] = struct{}{}
	}
	return freed
}

// forget strikes out pools that were never told of, and farewells that are over:
// a host that was slow may bring a freed network into the fabric once more.
func (b *Books) forget(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.cfg.Now()
	var stale []string
	for _, r := range b.pools {
		if r.Network == "" && now.Sub(r.Created) >= Claim {
			stale = append(stale, r.ID)
		}
	}
	if err := b.strike(ctx, nil, stale...); err != nil {
		return err
	}
	for id, since := range b.freed {
		if now.Sub(since) < Farewell || b.inFabric(id) {
			continue
		}
		if err := b.write(ctx, kv.Delete(freedPrefix+id)); err != nil {
			return err
		}
		delete(b.freed, id)
	}
	return nil
}

func (b *Books) inFabric(network string) bool {
	for _, n := range b.cfg.Fabric.Networks() {
		if b.cfg.Of(n) == network {
			return true
		}
	}
	return false
}
