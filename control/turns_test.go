// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestTurns: so many begin at once, the next one waits for one of them, but not
// for ever.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := newTurns()
		ends := make([]func(), maxTurns)
		for i := range ends {
			ends[i] = all.wait(t.Context())
		}
		began := time.Now()
		all.wait(t.Context())()
		if waited := time.Since(began); waited != turnTime {
			t.Errorf("waited for %s", waited)
		}
		done := make(chan time.Duration)
		go func() {
			defer all.wait(t.Context())()
			done <- time.Since(began)
		}()
		time.Sleep(time.Second)
		ends[0]()
		ends[0]() // once more does no harm
		if waited := <-done; waited != turnTime+time.Second {
			t.Errorf("had its turn after %s", waited)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		all.wait(ctx)()
		for _, end := range ends {
			end()
		}
		if len(all) != 0 {
			t.Errorf("%d turns are left", len(all))
		}
	})
}

// TestDatapathsTable: what is put under a number is what it yields.
func TestDatapathsTable(t *testing.T) {
	var table datapaths
	a, b := &datapath{id: 1}, &datapath{id: 0xffff}
	table.put(1, a)
	table.put(0xffff, b)
	if table.get(1) != a || table.get(0xffff) != b || table.get(2) != nil || table.get(0x4000) != nil {
		t.Error("another one is at that number")
	}
	table.put(1, nil)
	var all []*datapath
	for d := range table.all() {
		all = append(all, d)
	}
	if len(all) != 1 || all[0] != b || table.get(1) != nil {
		t.Errorf("%d are left", len(all))
	}
}
