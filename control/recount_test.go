// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// TestAFlowThatEndsWhileItIsRevised: it went after the switch said what it counts and before
// it was made to count for another: it counts once, and is not put again.
func TestAFlowThatEndsWhileItIsRevised(t *testing.T) {
	inCrowd(t, 1, func(t *testing.T, w *crowd) {
		w.follow(w.ctx)
		w.hub.Update(view.PutPolicy(w.allow(1)))
		w.plug()
		w.plug()
		use, _ := w.hub.PolicyUse(w.ctx)
		before := use[1].Packets
		w.conns[1].mute()
		time.Sleep(59*time.Minute + 58*time.Second)
		second := w.allow(2)
		second.Name, second.Priority = "first", 10
		w.hub.Update(view.PutPolicy(second))
		time.Sleep(4 * time.Second)
		w.fabric.Switch(1).Expire()
		synctest.Wait()
		w.conns[1].speak()
		synctest.Wait()
		if got := w.plugged(); len(got) > 0 {
			t.Errorf("what had gone is put again: %v", w.fabric.Switch(1).Flows())
		}
		use, missing := w.hub.PolicyUse(w.ctx)
		if use[1].Packets != before || before == 0 || use[2].Packets != 0 || len(missing) > 0 {
			t.Errorf("counted %+v, before %d, missing %v", use, before, missing)
		}
	})
}

// TestUseOfManySilentSwitches: those that are silent are missing, and no others.
func TestUseOfManySilentSwitches(t *testing.T) {
	const all, silent = 80, 70
	inCrowd(t, all, func(t *testing.T, w *crowd) {
		w.hub.Update(view.PutPolicy(w.allow(1)))
		w.plug()
		for id := range linkspan.ChassisID(silent) {
			w.conns[id+1].mute()
		}
		ctx, cancel := context.WithTimeout(w.ctx, 10*time.Second)
		defer cancel()
		use, missing := w.hub.PolicyUse(ctx)
		if len(missing) != silent || missing[0] != 1 || missing[silent-1] != silent {
			t.Errorf("missing: %v", missing)
		}
		if use[1].Packets == 0 {
			t.Errorf("counted %+v", use[1])
		}
	})
}
