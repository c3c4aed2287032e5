// SPDX-License-Identifier: Apache-2.0

package fabric

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// networkPrefix is where the local store holds the fabric's networks.
const networkPrefix = "fabric/network/"

func networkKey(id linkspan.NetworkID) string { return networkPrefix + id.String() }

func loadNetworks(ctx context.Context, store kv.Store) (map[linkspan.NetworkID]linkspan.Network, error) {
	entries, _, err := store.List(ctx, networkPrefix)
	if err != nil {
		return nil, fmt.Errorf("read the networks of the fabric: %w", err)
	}
	networks := make(map[linkspan.NetworkID]linkspan.Network, len(entries))
	for _, e := range entries {
		var n linkspan.Network
		if err := json.Unmarshal(e.Value, &n); err != nil {
			return nil, fmt.Errorf("read %s: %w", e.Key, err)
		}
		networks[n.ID] = n
	}
	return networks, nil
}

// maxOps keeps a transaction well inside every store's limit.
const maxOps = 64

// saveLimit bounds the writing of the networks. The end of a stream must not
// interrupt it, so it is not the stream's context that does.
const saveLimit = 10 * time.Second

// save brings the local store to what is known, by the difference. What could
// not be written is part of the next difference.
func (f *Fabric) save(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveLimit)
	defer cancel()
	f.mu.Lock()
	known := maps.Clone(f.networks)
	f.mu.Unlock()
	var changed []linkspan.NetworkID
	for id, n := range known {
		if was, ok := f.saved[id]; !ok || !reflect.DeepEqual(was, n) {
			changed = append(changed, id)
		}
	}
	for id := range f.saved {
		if _, ok := known[id]; !ok {
			changed = append(changed, id)
		}
	}
	for part := range slices.Chunk(changed, maxOps) {
		if err := f.savePart(ctx, known, part); err != nil {
			return fmt.Errorf("write the networks of the fabric: %w", err)
		}
	}
	return nil
}

// savePart writes or deletes some networks; they are independent of each
// other, so a long list may go in several transactions.
func (f *Fabric) savePart(ctx context.Context, known map[linkspan.NetworkID]linkspan.Network, ids []linkspan.NetworkID) error {
	ops := make([]kv.Op, 0, len(ids))
	for _, id := range ids {
		n, ok := known[id]
		if !ok {
			ops = append(ops, kv.Delete(networkKey(id)))
			continue
		}
		value, err := json.Marshal(n)
		if err != nil {
			return err
		}
		ops = append(ops, kv.Put(networkKey(id), value))
	}
	if _, err := f.cfg.Store.Txn(ctx, kv.Txn{Then: ops}); err != nil {
		return err
	}
	for _, id := range ids {
		if n, ok := known[id]; ok {
			f.saved[id] = n
		} else {
			delete(f.saved, id)
		}
	}
	return nil
}
