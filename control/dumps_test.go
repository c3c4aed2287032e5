// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan"
)

// asker counts who asks the switches, which takes a second.
type asker struct {
	dumps            *dumps[int64]
	asked, now, most atomic.Int64
	got              [8]atomic.Int64 // the number of the answer, by who asked
}

func (a *asker) ask() int64 {
	n := a.asked.Add(1)
	a.most.Store(max(a.most.Load(), a.now.Add(1)))
	time.Sleep(time.Second)
	a.now.Add(-1)
	return n
}

func (a *asker) get(ctx context.Context, who int, id linkspan.NetworkID) {
	if n, ok := a.dumps.get(ctx, id, a.ask); ok {
		a.got[who].Store(n)
	}
}

// TestDumpsAreShared: whoever comes while the switches are asked waits, and
// takes with all others what was asked next: never what was asked before.
func TestDumpsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := asker{dumps: newDumps[int64]()}
		var group sync.WaitGroup
		group.Go(func() { a.get(t.Context(), 0, 7) })
		time.Sleep(time.Millisecond)
		for i := range 5 {
			group.Go(func() { a.get(t.Context(), 1+i, 7) })
		}
		impatient, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		group.Go(func() { a.get(impatient, 6, 7) })
		group.Wait()
		for who, want := range []int64{1, 2, 2, 2, 2, 2, 0} {
			if n := a.got[who].Load(); n != want {
				t.Errorf("%d got answer %d, want %d", who, n, want)
			}
		}
		if a.asked.Load() != 2 || len(a.dumps.by) != 0 {
			t.Errorf("asked %d times; %d kept", a.asked.Load(), len(a.dumps.by))
		}
	})
}

func TestDumpsAtOnceAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := asker{dumps: newDumps[int64]()}
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() { a.get(t.Context(), i, linkspan.NetworkID(i)) })
		}
		group.Wait()
		if a.asked.Load() != 8 || a.most.Load() != maxDumps {
			t.Errorf("asked %d times, %d at once", a.asked.Load(), a.most.Load())
		}
	})
}
