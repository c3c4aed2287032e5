// SPDX-License-Identifier: Apache-2.0

package kvtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/linkspan/linkspan/store/kv"
)

const (
	workers = 8
	rounds  = 20
)

// together runs fn in several goroutines and waits for them.
func together(t *testing.T, fn func(worker int) error) {
	t.Helper()
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			if err := fn(worker); err != nil {
				t.Errorf("worker %d: %v", worker, err)
			}
		})
	}
	group.Wait()
}

// oneCreator has all workers create the same keys; each key has one creator.
func oneCreator(ctx context.Context, t *testing.T, store kv.Store) {
	var won atomic.Int64
	together(t, func(worker int) error {
		for round := range rounds {
			key := fmt.Sprintf("address/%d", round)
			_, err := store.Txn(ctx, kv.Txn{
				If:   []kv.Cond{kv.Absent(key)},
				Then: []kv.Op{kv.Put(key, []byte(strconv.Itoa(worker)))},
			})
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, kv.ErrConflict):
				return err
			}
		}
		return nil
	})
	if won.Load() != rounds {
		t.Fatalf("%d transactions won %d keys", won.Load(), rounds)
	}
}

// counter has all workers count up; no count is lost.
func counter(ctx context.Context, t *testing.T, store kv.Store) {
	put(ctx, t, store, "counter", "0")
	together(t, func(int) error {
		for range rounds {
			if err := change(ctx, store, "counter", "counter", 1); err != nil {
				return err
			}
		}
		return nil
	})
	entry, err := store.Get(ctx, "counter")
	if got := string(must(t, entry, err).Value); got != strconv.Itoa(workers*rounds) {
		t.Fatalf("counter is %s, want %d", got, workers*rounds)
	}
}

// change takes an amount from one number and adds it to another one, or, if
// they are the same, only adds it.
func change(ctx context.Context, store kv.Store, from, to string, amount int) error {
	for {
		txn := kv.Txn{}
		for _, key := range []string{from, to} {
			entry, err := store.Get(ctx, key)
			if err != nil {
				return err
			}
			number, err := strconv.Atoi(string(entry.Value))
			if err != nil {
				return err
			}
			if key == to {
				number += amount
			} else {
				number -= amount
			}
			txn.If = append(txn.If, kv.RevisionIs(key, entry.Revision))
			txn.Then = append(txn.Then, kv.Put(key, []byte(strconv.Itoa(number))))
			if from == to {
				break
			}
		}
		if _, err := store.Txn(ctx, txn); !errors.Is(err, kv.ErrConflict) {
			return err
		}
	}
}

const accounts = 5

// transfers moves amounts between accounts; every list and every batch of a
// watch sees the same sum.
func transfers(ctx context.Context, t *testing.T, store kv.Store) {
	seed(ctx, t, store, "account/", accounts, "100")
	entries, revision := list(ctx, t, store, "account/")
	fold := newFold(entries)
	ctx, stop := context.WithCancel(ctx)
	var readers sync.WaitGroup
	readers.Go(func() { sumOfLists(ctx, t, store) })
	readers.Go(func() {
		for batch, err := range store.Watch(ctx, "account/", revision) {
			if err != nil {
				break
			}
			fold.apply(t, batch)
			checkSum(t, "watch", fold.entries())
		}
	})
	together(t, func(worker int) error {
		random := rand.New(rand.NewPCG(1, uint64(worker)))
		for range rounds {
			from := random.IntN(accounts)
			to := (from + 1 + random.IntN(accounts-1)) % accounts
			if err := change(ctx, store, account(from), account(to), 1+random.IntN(9)); err != nil {
				return err
			}
		}
		return nil
	})
	stop()
	readers.Wait()
}

func account(i int) string { return fmt.Sprintf("account/%05d", i) }

func sumOfLists(ctx context.Context, t *testing.T, store kv.Store) {
	for ctx.Err() == nil {
		entries, _, err := store.List(ctx, "account/")
		if err != nil {
			if ctx.Err() == nil {
				t.Errorf("list: %v", err)
			}
			return
		}
		checkSum(t, "list", entries)
	}
}

func checkSum(t *testing.T, what string, entries []kv.Entry) {
	sum := 0
	for _, entry := range entries {
		number, err := strconv.Atoi(string(entry.Value))
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		sum += number
	}
	if sum != accounts*100 {
		t.Errorf("%s sees a sum of %d, want %d", what, sum, accounts*100)
	}
}
