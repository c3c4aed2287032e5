// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestAsks: so many have their turn at once; who says nothing gives it back soon, and who
// speaks a while later.
func TestAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := newAsks()
		turns := make([]*asking, maxAsked)
		for i := range turns {
			turns[i] = all.wait(t.Context())
		}
		turns[0].hears()
		turns[0].hears()
		began := time.Now()
		for range maxAsked - 1 {
			turns = append(turns, all.wait(t.Context()))
		}
		if waited := time.Since(began); waited != maxMute {
			t.Errorf("waited for %s while nothing was said", waited)
		}
		for _, turn := range turns[maxAsked:] {
			turn.hears()
		}
		turns = append(turns, all.wait(t.Context()))
		if waited := time.Since(began); waited != turnTime {
			t.Errorf("waited for %s for who spoke", waited)
		}
		for _, turn := range turns {
			turn.over()
			turn.over()
		}
		if len(all) != 0 {
			t.Errorf("%d turns are left", len(all))
		}
	})
}

// TestAsksEnd: who waits goes when his time is over.
func TestAsksEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := newAsks()
		for range maxAsked {
			defer all.wait(t.Context()).over()
		}
		ctx, cancel := context.WithTimeout(t.Context(), maxMute/2)
		defer cancel()
		if all.wait(ctx) != nil {
			t.Error("there is no turn")
		}
	})
}
