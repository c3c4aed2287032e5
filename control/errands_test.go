// SPDX-License-Identifier: Apache-2.0

package control

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestErrands: each is done once at its time; at the end what is being done is waited
// for, and nothing more is begun.
func TestErrands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all errands
		began, done := time.Now(), make(chan time.Duration, 3)
		all.after(time.Second, func() { done <- time.Since(began) })
		all.after(2*time.Second, func() {
			time.Sleep(time.Second)
			done <- time.Since(began)
		})
		all.after(3*time.Second, func() { done <- time.Since(began) })
		time.Sleep(2500 * time.Millisecond)
		all.end()
		all.after(0, func() { done <- time.Since(began) })
		time.Sleep(time.Minute)
		close(done)
		var at []time.Duration
		for when := range done {
			at = append(at, when)
		}
		if len(at) != 2 || at[0] != time.Second || at[1] != 3*time.Second {
			t.Errorf("done at %v", at)
		}
		if len(all.timers) != 0 {
			t.Errorf("%d timers are left", len(all.timers))
		}
	})
}
