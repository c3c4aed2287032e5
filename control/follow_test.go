// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// TestASilentSwitchDelaysNoOther: of three switches one does not say any more what it
// holds; the others follow each change at once, and it alone is disconnected.
func TestASilentSwitchDelaysNoOther(t *testing.T) {
	inCrowd(t, 3, func(t *testing.T, w *crowd) {
		w.follow(w.ctx)
		since := w.since()
		w.conns[2].mute()
		for range 2 {
			w.plug()
			w.hub.Update(view.PutPolicy(w.deny(1)))
			synctest.Wait()
			if got := w.plugged(); !slices.Equal(got, []linkspan.ChassisID{2}) {
				t.Errorf("after the change the routes stand on %v", got)
			}
			w.hub.Update(view.RemovePolicy(1))
			synctest.Wait()
		}
		if w.ended(2) != nil {
			t.Error("the silent one is disconnected at once")
		}
		time.Sleep(6 * time.Second)
		if err := w.ended(2); linkspan.CodeOf(err) != linkspan.Unavailable {
			t.Errorf("the silent one: %v", err)
		}
		delete(since, 2)
		if diff := cmp.Diff(since, w.since()); diff != "" {
			t.Errorf("the others' sessions: %s", diff)
		}
	})
}

// TestManySilentSwitchesDisconnectNoOther: more switches are silent than are asked at
// once; the others follow soon, and stay.
func TestManySilentSwitchesDisconnectNoOther(t *testing.T) {
	const all, silent = 80, 70
	inCrowd(t, all, func(t *testing.T, w *crowd) {
		w.follow(w.ctx)
		since := w.since()
		w.plug()
		var mute []linkspan.ChassisID
		for id := range linkspan.ChassisID(silent) {
			w.conns[id+1].mute()
			mute = append(mute, id+1)
			delete(since, id+1)
		}
		w.hub.Update(view.PutPolicy(w.deny(1)))
		time.Sleep(time.Second)
		if got := w.plugged(); !slices.Equal(got, mute) {
			t.Errorf("after a second the routes stand on %v", got)
		}
		time.Sleep(10 * time.Second)
		if diff := cmp.Diff(since, w.since()); diff != "" {
			t.Errorf("the sessions of those that spoke: %s", diff)
		}
	})
}

// TestAChangeDuringARevision: what comes while a switch is being asked is done behind
// that, and is not asked for at the same time.
func TestAChangeDuringARevision(t *testing.T) {
	inCrowd(t, 1, func(t *testing.T, w *crowd) {
		w.follow(w.ctx)
		w.plug()
		w.conns[1].mute()
		w.hub.Update(view.PutPolicy(w.deny(1)))
		synctest.Wait()
		w.hub.Update(view.RemovePolicy(1))
		w.hub.Update(view.PutPolicy(w.deny(2)), view.PutPolicy(w.allow(3)))
		synctest.Wait()
		if n := w.conns[1].kept(); n != 1 {
			t.Errorf("asked for %d things at once", n)
		}
		w.hub.Update(view.RemovePolicy(3))
		w.conns[1].speak()
		synctest.Wait()
		if got := w.plugged(); len(got) > 0 {
			t.Errorf("the route stands, though the last word was to deny it: %v", got)
		}
	})
}

// TestFollowEnds: it waits for what it began, disconnects nobody for that, and what it
// leaves undone the next one does.
func TestFollowEnds(t *testing.T) {
	inCrowd(t, 2, func(t *testing.T, w *crowd) {
		ctx, cancel := context.WithCancel(w.ctx)
		ended := w.follow(ctx)
		w.plug()
		w.conns[1].mute()
		w.hub.Update(view.PutPolicy(w.deny(1)))
		synctest.Wait()
		cancel()
		<-ended
		if got := w.plugged(); !slices.Equal(got, []linkspan.ChassisID{1}) {
			t.Errorf("the routes stand on %v", got)
		}
		w.conns[1].speak()
		time.Sleep(time.Minute)
		if err := w.ended(1); err != nil {
			t.Errorf("disconnected: %v", err)
		}
		w.plug()
		w.follow(w.ctx)
		synctest.Wait()
		if got := w.plugged(); len(got) > 0 {
			t.Errorf("later the routes stand on %v", got)
		}
	})
}

// TestWhoConnectsIsLeftAlone: a change while a switch says for the first time what it
// holds, or carries out what it was told then, is no reason to disconnect it.
func TestWhoConnectsIsLeftAlone(t *testing.T) {
	inCrowd(t, 2, func(t *testing.T, w *crowd) {
		w.follow(w.ctx)
		w.plug()
		w.disconnect(1)
		w.disconnect(2)
		for id := range w.conns {
			w.connect(id)
			w.conns[id].mute()
		}
		synctest.Wait()
		w.fabric.Switch(2).SetBusy(true)
		w.conns[2].speak()
		synctest.Wait()
		w.conns[2].mute()
		w.hub.Update(view.PutPolicy(w.deny(1)))
		time.Sleep(20 * time.Second)
		for id := range w.conns {
			if info, ok := w.hub.Connected(id); !ok || info.Ready || w.ended(id) != nil {
				t.Errorf("chassis %d: %+v, %v, %v", id, info, ok, w.ended(id))
			}
			w.conns[id].speak()
		}
		w.fabric.Switch(2).SetBusy(false)
		synctest.Wait()
		if connected, ready := w.hub.Sessions(); connected != 2 || ready != 2 {
			t.Errorf("%d connected, %d ready", connected, ready)
		}
		if got := w.plugged(); len(got) > 0 {
			t.Errorf("the routes stand on %v", got)
		}
	})
}

// TestReviseTellsWhoIsMissing: those that are away and those that do not answer.
func TestReviseTellsWhoIsMissing(t *testing.T) {
	inCrowd(t, 4, func(t *testing.T, w *crowd) {
		w.plug()
		w.disconnect(2)
		w.conns[3].mute()
		w.hub.Update(view.PutPolicy(w.deny(1)))
		var keys []view.Key
		for e := range w.hub.View().Endpoints() {
			keys = append(keys, view.KeyOf(e))
		}
		if got := w.hub.Revise(w.ctx, keys); !slices.Equal(got, []linkspan.ChassisID{2, 3}) {
			t.Errorf("missing: %v", got)
		}
		if got := w.plugged(); !slices.Equal(got, []linkspan.ChassisID{2, 3}) {
			t.Errorf("the routes stand on %v", got)
		}
	})
}
