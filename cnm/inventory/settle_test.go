// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// TestSettle: the controller knows what there was when it was asked for, at once; nobody
// waits for one that is away.
func TestSettle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := newModel(), newRegistry()
		i, err := New(Config{Chassis: 3, Model: m, Fabric: r, Registry: r, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- i.Run(ctx) }()
		defer func() { cancel(); <-ended }()
		for n := range 20 {
			began, id := time.Now(), fmt.Sprint("n", n)
			m.change(func() { m.networks[id] = bridged(id) })
			i.Settle(ctx)
			r.look(func() {
				if _, known := r.networks[id]; !known {
					t.Errorf("%s is not known", id)
				}
			})
			if waited := time.Since(began); waited > 0 {
				t.Errorf("it took %s", waited)
			}
		}
		r.look(func() { r.fault = []fault{lost} })
		m.change(func() { m.networks["late"] = bridged("late") })
		i.Settle(ctx) // which fails
		i.Settle(ctx)
		r.look(func() {
			if _, known := r.networks["late"]; !known {
				t.Error("what was lost is not told again")
			}
			r.connected = false
		})
		began := time.Now()
		m.change(func() { m.networks["away"] = bridged("away") })
		i.Settle(ctx)
		if time.Since(began) > 0 {
			t.Error("it waits for a controller that is away")
		}
	})
}
