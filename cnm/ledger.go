// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/linkspan/linkspan/store/kv"
)

// The prefixes of the records in the store.
const (
	networkPrefix  = "cnm/network/"
	endpointPrefix = "cnm/endpoint/"
	poolPrefix     = "cnm/pool/"
	leasePrefix    = "cnm/lease/"
	sandboxPrefix  = "cnm/sandbox/"
)

// commitLimit bounds one transaction. It replaces the caller's deadline, so
// that whether a transaction happened is never unknown.
const commitLimit = 10 * time.Second

// ledger holds the records: in the store, and a copy in memory that is changed
// after the store was.
type ledger struct {
	store kv.Store

	mu        sync.RWMutex
	networks  map[string]Network
	endpoints map[string]Endpoint
	pools     map[string]Pool
	leases    map[string]Lease // by leaseKey
	sandboxes map[string]Sandbox
	watchers  map[chan struct{}]struct{}
}

// change is one record put or dropped.
type change struct {
	op    kv.Op
	apply func(*ledger)
	err   error
}

// commit does all changes, or none.
func (l *ledger) commit(ctx context.Context, changes ...change) error {
	txn := kv.Txn{Then: make([]kv.Op, len(changes))}
	for i, ch := range changes {
		if ch.err != nil {
			return ch.err
		}
		txn.Then[i] = ch.op
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitLimit)
	defer cancel()
	if _, err := l.store.Txn(ctx, txn); err != nil {
		return fmt.Errorf("store cnm records: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, ch := range changes {
		ch.apply(l)
	}
	l.tell()
	return nil
}

func put[T any](key string, record T, apply func(*ledger)) change {
	value, err := json.Marshal(record)
	return change{op: kv.Put(key, value), apply: apply, err: err}
}

func putNetwork(n Network) change {
	return put(networkPrefix+n.ID, n, func(l *ledger) { l.networks[n.ID] = n })
}

func putEndpoint(e Endpoint) change {
	return put(endpointPrefix+e.ID, e, func(l *ledger) { l.endpoints[e.ID] = e })
}

func putPool(p Pool) change {
	return put(poolPrefix+p.ID, p, func(l *ledger) { l.pools[p.ID] = p })
}

func putLease(ls Lease) change {
	key := ls.key()
	return put(leasePrefix+key, ls, func(l *ledger) { l.leases[key] = ls })
}

func putSandbox(s Sandbox) change {
	s.Endpoints = nil // they have records of their own
	return put(sandboxPrefix+s.ID, s, func(l *ledger) { l.sandboxes[s.ID] = s })
}

func dropSandbox(id string) change {
	return change{op: kv.Delete(sandboxPrefix + id), apply: func(l *ledger) { delete(l.sandboxes, id) }}
}

func dropNetwork(id string) change {
	return change{op: kv.Delete(networkPrefix + id), apply: func(l *ledger) { delete(l.networks, id) }}
}

func dropEndpoint(id string) change {
	return change{op: kv.Delete(endpointPrefix + id), apply: func(l *ledger) { delete(l.endpoints, id) }}
}

func dropPool(id string) change {
	return change{op: kv.Delete(poolPrefix + id), apply: func(l *ledger) { delete(l.pools, id) }}
}

func dropLease(key string) change {
	return change{op: kv.Delete(leasePrefix + key), apply: func(l *ledger) { delete(l.leases, key) }}
}

// scope is the name of the address space that the lease's address is of. Two
// pools that are bound to one network of the fabric share it.
func (ls Lease) scope() string {
	if ls.Fabric != 0 {
		return ls.Fabric.String()
	}
	return ls.Pool
}

func (ls Lease) key() string { return ls.scope() + "/" + ls.Address.Addr().String() }

// load reads all records of the store.
func (l *ledger) load(ctx context.Context) (err error) {
	if l.networks, err = loadAll[Network](ctx, l.store, networkPrefix); err != nil {
		return err
	}
	if l.endpoints, err = loadAll[Endpoint](ctx, l.store, endpointPrefix); err != nil {
		return err
	}
	if l.pools, err = loadAll[Pool](ctx, l.store, poolPrefix); err != nil {
		return err
	}
	if l.leases, err = loadAll[Lease](ctx, l.store, leasePrefix); err != nil {
		return err
	}
	l.sandboxes, err = loadAll[Sandbox](ctx, l.store, sandboxPrefix)
	l.orphan()
	return err
}

// orphan makes all marks due: whoever set them is gone.
func (l *ledger) orphan() {
	for id, n := range l.networks {
		n.Removing = n.Removing.orphaned()
		l.networks[id] = n
	}
	for id, e := range l.endpoints {
		e.Removing, e.Leaving = e.Removing.orphaned(), e.Leaving.orphaned()
		l.endpoints[id] = e
	}
	for id, p := range l.pools {
		p.Removing = p.Removing.orphaned()
		l.pools[id] = p
	}
	for id, s := range l.sandboxes {
		s.Removing = s.Removing.orphaned()
		l.sandboxes[id] = s
	}
	for key, ls := range l.leases {
		if l.forsaken(ls) {
			ls.Removing = new(Removal)
		}
		ls.Removing = ls.Removing.orphaned()
		l.leases[key] = ls
	}
}

// forsaken says whether a lease is that of a NewEndpoint which never came to
// make the endpoint.
func (l *ledger) forsaken(ls Lease) bool {
	return ls.Removing == nil && ls.Endpoint == "" && l.networks[l.pools[ls.Pool].ClaimedBy].Own
}

func loadAll[T any](ctx context.Context, store kv.Store, prefix string) (map[string]T, error) {
	entries, _, err := store.List(ctx, prefix)
	if err != nil {
		return nil, fmt.Errorf("load cnm records: %w", err)
	}
	records := make(map[string]T, len(entries))
	for _, entry := range entries {
		var record T
		if err := json.Unmarshal(entry.Value, &record); err != nil {
			return nil, fmt.Errorf("load cnm record %s: %w", entry.Key, err)
		}
		records[entry.Key[len(prefix):]] = record
	}
	return records, nil
}
