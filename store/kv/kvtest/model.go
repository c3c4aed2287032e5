// SPDX-License-Identifier: Apache-2.0

package kvtest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan/store/kv"
)

// model does random transactions on the store and on a map, and compares what
// they say after each one; at the end a watch over all of it must give the map
// too.
func model(ctx context.Context, t *testing.T, store kv.Store) {
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		m := &modelled{store: store, prefix: fmt.Sprintf("run%d/", run), known: make(map[string]kv.Entry)}
		_, m.start, m.err = store.List(ctx, m.prefix)
		m.check(ctx, rt)
		m.revision = m.start
		rt.Repeat(map[string]func(*rapid.T){
			"transaction": func(rt *rapid.T) { m.transaction(ctx, rt) },
			"":            func(rt *rapid.T) { m.check(ctx, rt) },
		})
		m.checkWatch(ctx, rt)
	})
}

type modelled struct {
	store    kv.Store
	prefix   string
	known    map[string]kv.Entry
	start    uint64
	revision uint64
	err      error
}

func (m *modelled) transaction(ctx context.Context, t *rapid.T) {
	txn := m.draw(t)
	want := m.holds(txn.If)
	revision, err := m.store.Txn(ctx, txn)
	if got := err == nil; got != want || !got && !errors.Is(err, kv.ErrConflict) {
		t.Fatalf("transaction %+v: %v, model says %v", txn, err, want)
	}
	if !want {
		return
	}
	changed := false
	for _, op := range txn.Then {
		_, found := m.known[op.Key]
		if op.Kind == kv.OpPut {
			m.known[op.Key] = kv.Entry{Key: op.Key, Value: append([]byte{}, op.Value...), Revision: revision}
		} else {
			delete(m.known, op.Key)
		}
		changed = changed || found || op.Kind == kv.OpPut
	}
	if changed && revision <= m.revision || !changed && revision != m.revision {
		t.Fatalf("revision went from %d to %d, changed is %v", m.revision, revision, changed)
	}
	m.revision = revision
}

// draw makes a transaction on few keys, so that they meet often.
func (m *modelled) draw(t *rapid.T) (txn kv.Txn) {
	key := rapid.Custom(func(t *rapid.T) string {
		return m.prefix + rapid.SampledFrom([]string{"a", "b", "a/b", "c"}).Draw(t, "key")
	})
	for range rapid.IntRange(0, 2).Draw(t, "conditions") {
		k := key.Draw(t, "condition on")
		txn.If = append(txn.If, rapid.SampledFrom([]kv.Cond{
			kv.Absent(k), kv.Present(k), kv.RevisionIs(k, m.known[k].Revision), kv.RevisionIs(k, m.start),
		}).Draw(t, "condition"))
	}
	for _, k := range rapid.SliceOfNDistinct(key, 0, 3, rapid.ID[string]).Draw(t, "operations on") {
		txn.Then = append(txn.Then, rapid.OneOf(
			rapid.Just(kv.Delete(k)),
			rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 8), func(v []byte) kv.Op { return kv.Put(k, v) }),
		).Draw(t, "operation"))
	}
	return txn
}

func (m *modelled) holds(conds []kv.Cond) bool {
	for _, cond := range conds {
		entry, found := m.known[cond.Key]
		if !cond.Holds(entry, found) {
			return false
		}
	}
	return true
}

func (m *modelled) check(ctx context.Context, t *rapid.T) {
	entries, _, err := m.store.List(ctx, m.prefix)
	if err != nil || m.err != nil {
		t.Fatal(errors.Join(err, m.err))
	}
	want := (&fold{known: m.known}).entries()
	if diff := cmp.Diff(want, entries); diff != "" {
		t.Fatalf("entries (-model +store):\n%s", diff)
	}
}

// checkWatch writes a last key and watches from the beginning until it comes.
func (m *modelled) checkWatch(ctx context.Context, t *rapid.T) {
	last := m.prefix + "last"
	if _, err := m.store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Put(last, nil)}}); err != nil {
		t.Fatal(err)
	}
	f := newFold(nil)
	for batch, err := range m.store.Watch(ctx, m.prefix, m.start) {
		if err != nil {
			t.Fatal(err)
		}
		f.apply(t, batch)
		if _, done := f.known[last]; done {
			break
		}
	}
	delete(f.known, last)
	if diff := cmp.Diff((&fold{known: m.known}).entries(), f.entries()); diff != "" {
		t.Fatalf("entries by watch (-model +store):\n%s", diff)
	}
}
