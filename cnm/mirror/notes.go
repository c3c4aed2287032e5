// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"context"
	"fmt"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// notePrefix is where the notes are; the value is dockerd's id.
const notePrefix = "mirror/network/"

// notes say which networks of the fabric were shown by dockerd before, so that
// one that is missing is known to have been removed by hand.
type notes struct {
	store     kv.Store
	byNetwork map[linkspan.NetworkID]string
}

func loadNotes(ctx context.Context, store kv.Store) (*notes, error) {
	entries, _, err := store.List(ctx, notePrefix)
	if err != nil {
		return nil, fmt.Errorf("read the notes of the mirror: %w", err)
	}
	n := &notes{store: store, byNetwork: make(map[linkspan.NetworkID]string, len(entries))}
	for _, e := range entries {
		id, err := linkspan.ParseNetworkID(e.Key[len(notePrefix):])
		if err != nil {
			return nil, fmt.Errorf("read note %s: %w", e.Key, err)
		}
		n.byNetwork[id] = string(e.Value)
	}
	return n, nil
}

func (n *notes) put(ctx context.Context, id linkspan.NetworkID, dockerID string) error {
	return n.write(ctx, kv.Put(notePrefix+id.String(), []byte(dockerID)), func() { n.byNetwork[id] = dockerID })
}

func (n *notes) drop(ctx context.Context, id linkspan.NetworkID) error {
	return n.write(ctx, kv.Delete(notePrefix+id.String()), func() { delete(n.byNetwork, id) })
}

// dropOf drops the note of a network of dockerd's, if there is one.
func (n *notes) dropOf(ctx context.Context, dockerID string) error {
	for id, noted := range n.byNetwork {
		if noted == dockerID {
			return n.drop(ctx, id)
		}
	}
	return nil
}

func (n *notes) write(ctx context.Context, op kv.Op, apply func()) error {
	if _, err := n.store.Txn(ctx, kv.Txn{Then: []kv.Op{op}}); err != nil {
		return fmt.Errorf("write note %s: %w", op.Key, err)
	}
	apply()
	return nil
}
