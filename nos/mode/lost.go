// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"context"
	"log/slog"
	"time"
)

// next returns whether the switch decides about what is the controller's, of whether
// it does so now, and of whether the controller is there and since when it is so. It comes
// back after as long as it was waited for.
func (p policy) next(fallen, connected bool, since, now time.Time) bool {
	if !p.fallBack {
		return fallen && !connected // what had fallen back before comes back with the controller
	}
	if fallen != connected || now.Sub(since) < p.after {
		return fallen
	}
	return !fallen
}

// lose does what is to be done without a controller, or with one that is back.
func (k *Keeper) lose(ctx context.Context, now time.Time) {
	connected, since := k.connected()
	k.mu.Lock()
	is := k.is
	told := k.told
	k.mu.Unlock()
	fall := is.wish.lost.next(is.fallen, connected, since, now)
	if !told || fall == is.fallen || now.Before(k.notBefore()) {
		return
	}
	select {
	case k.turn <- struct{}{}:
	default:
		return // somebody changes modes; later
	}
	defer func() { <-k.turn }()
	k.mu.Lock()
	to := k.is
	k.mu.Unlock()
	if to.fallen == fall || to.wish != is.wish {
		return
	}
	to.fallen = fall
	if err := k.change(ctx, to, "the controller"); err != nil {
		k.options.Log.Warn("who decides is not changed", slog.Bool("controller", connected), slog.Any("error", err))
		k.delay(now.Add(retryFall))
	}
}

// retryFall is how long it is waited until a change that failed is tried again.
const retryFall = 10 * time.Second

func (k *Keeper) notBefore() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.later
}

func (k *Keeper) delay(until time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.later = until
}
