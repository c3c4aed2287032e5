// SPDX-License-Identifier: Apache-2.0

package swarm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/store/kv"
)

// Where the books are in the store: a pool by its id, an address by pool and
// address, a network that was freed by the swarm's id with the time.
const (
	poolPrefix    = "swarm/pool/"
	addressPrefix = "swarm/address/"
	freedPrefix   = "swarm/freed/"
)

// record is a pool in the books.
type record struct {
	ID      string       `json:"id"`
	Network string       `json:"network,omitempty"` // the swarm's id; empty: not told of yet
	Subnet  netip.Prefix `json:"subnet"`
	Range   netip.Prefix `json:"range,omitzero"`
	Gateway netip.Addr   `json:"gateway,omitzero"`
	Created time.Time    `json:"created"`
}

func (r record) pool() cnm.Pool {
	return cnm.Pool{ID: r.ID, Subnet: r.Subnet, Range: r.Range, Gateway: r.Gateway, Created: r.Created}
}

func (b *Books) load(ctx context.Context) error {
	pools, _, err := b.cfg.Store.List(ctx, poolPrefix)
	if err != nil {
		return err
	}
	for _, e := range pools {
		var r record
		if err := json.Unmarshal(e.Value, &r); err != nil {
			return fmt.Errorf("record %s: %w", e.Key, err)
		}
		b.pools[r.ID], b.used[r.ID] = r, make(map[netip.Addr]struct{})
	}
	if err := b.loadAddresses(ctx); err != nil {
		return err
	}
	freed, _, err := b.cfg.Store.List(ctx, freedPrefix)
	if err != nil {
		return err
	}
	for _, e := range freed {
		at, err := time.Parse(time.RFC3339, string(e.Value))
		if err != nil {
			return fmt.Errorf("record %s: %w", e.Key, err)
		}
		b.freed[strings.TrimPrefix(e.Key, freedPrefix)] = at
	}
	return nil
}

func (b *Books) loadAddresses(ctx context.Context) error {
	entries, _, err := b.cfg.Store.List(ctx, addressPrefix)
	if err != nil {
		return err
	}
	var leases []cnm.Lease
	var left []kv.Op // of pools that were struck out
	for _, e := range entries {
		id, text, _ := strings.Cut(strings.TrimPrefix(e.Key, addressPrefix), "/")
		address, err := netip.ParseAddr(text)
		if err != nil {
			return fmt.Errorf("record %s: %w", e.Key, err)
		}
		if _, known := b.used[id]; !known {
			left = append(left, kv.Delete(e.Key))
			continue
		}
		b.used[id][address] = struct{}{}
		leases = append(leases, cnm.Lease{Pool: id, Address: netip.PrefixFrom(address, address.BitLen())})
	}
	return errors.Join(b.ipam.Restore(nil, leases), b.write(ctx, left...))
}

func addressKey(pool string, a netip.Addr) string { return addressPrefix + pool + "/" + a.String() }

func putPool(r record) (kv.Op, error) {
	value, err := json.Marshal(r)
	return kv.Put(poolPrefix+r.ID, value), err
}

// writeLimit bounds one transaction. It replaces the caller's deadline, so that
// whether a transaction happened is never unknown.
const writeLimit = 10 * time.Second

// write does the operations in their order, as many at a time as a transaction
// takes.
func (b *Books) write(ctx context.Context, ops ...kv.Op) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeLimit)
	defer cancel()
	for some := range slices.Chunk(ops, kv.MaxTxn) {
		if _, err := b.cfg.Store.Txn(ctx, kv.Txn{Then: some}); err != nil {
			return fmt.Errorf("write the books of the swarm: %w", err)
		}
	}
	return nil
}
