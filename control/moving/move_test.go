// SPDX-License-Identifier: Apache-2.0

package moving_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The steps, in their order; the image is carried whole.
func TestMove(t *testing.T) {
	w := newWorld(t)
	if err := w.move(); err != nil {
		t.Fatal(err)
	}
	w.ends(absent, running)
	if !bytes.Equal(w.got, w.image) {
		t.Errorf("%d bytes of the image came, of %d", len(w.got), len(w.image))
	}
	want := []string{"h1 Read", "h2 Check", "h2 Make", "h1 Stop", "h2 Start", "h1 Remove", "h1 Forget", "h2 Forget"}
	var got []string
	for _, task := range w.tasks {
		if !strings.HasSuffix(task, "Give") && !strings.HasSuffix(task, "Take") {
			got = append(got, task)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
	w.event(t, linkspan.EndpointMoved)
}

func TestImageThatIsThereIsNotCarried(t *testing.T) {
	w := newWorld(t)
	w.there = true
	if err := w.move(); err != nil {
		t.Fatal(err)
	}
	w.ends(absent, running)
	if len(w.got) > 0 {
		t.Error("an image was carried")
	}
}

// Whatever a host refuses, the old one runs again, or never stopped.
func TestRefusedStepsPutBack(t *testing.T) {
	for _, task := range []string{"h1 Give", "h2 Take", "h2 Make", "h1 Stop", "h2 Start"} {
		t.Run(task, func(t *testing.T) {
			w := newWorld(t)
			w.refuse[task] = 1
			err := w.move()
			if err == nil || !strings.Contains(err.Error(), task+" refused") || !strings.Contains(err.Error(), "stays on h1") {
				t.Errorf("the move ended with %v", err)
			}
			w.ends(running, absent)
			w.event(t, linkspan.EndpointMoveUndone)
			w.mu.Lock()
			w.got = nil
			w.mu.Unlock()
			again(t, w)
		})
	}
}

// again moves it after all: nothing is left that hinders it.
func again(t *testing.T, w *world) {
	t.Helper()
	var err error
	for range 30_000 { // what is left of the first may just be going
		if err = w.move(); linkspan.CodeOf(err) != linkspan.Unavailable {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err != nil {
		t.Errorf("the second move ended with %v", err)
	}
	w.ends(absent, running)
}

func TestLateChangesPutBack(t *testing.T) {
	w := newWorld(t)
	w.changes = true
	if err := w.move(); linkspan.CodeOf(err) != linkspan.Conflict {
		t.Errorf("the move ended with %v", err)
	}
	w.ends(running, absent)
}

// A host that did what it was asked, and whose answer is lost.
func TestLostAnswers(t *testing.T) {
	for task, moved := range map[string]bool{
		"h2 Make": false, "h1 Stop": false, "h2 Start": true, "h1 Remove": true,
	} {
		t.Run(task, func(t *testing.T) {
			w := newWorld(t)
			w.lose[task] = true
			if err := w.move(); (err == nil) != moved {
				t.Errorf("the move ended with %v", err)
			}
			if moved {
				w.ends(absent, running)
			} else {
				w.ends(running, absent)
			}
		})
	}
}

// Nobody hears of the start, and the new one does not stay: the old one runs again.
func TestLostAnswerOfWhatEnded(t *testing.T) {
	w := newWorld(t)
	w.lose["h2 Start"], w.crashes = true, true
	if err := w.move(); err == nil || !strings.Contains(err.Error(), "does not run on h2") {
		t.Errorf("the move ended with %v", err)
	}
	w.ends(running, absent)
	w.crashes = false
	again(t, w)
}

// Hosts that keep their notes of a move that was undone take part in the next one.
func TestLostForget(t *testing.T) {
	w := newWorld(t)
	w.refuse["h2 Start"], w.refuse["h1 Forget"], w.lose["h2 Forget"] = 1, 1, true
	if err := w.move(); err == nil {
		t.Error("it was moved")
	}
	w.ends(running, absent)
	again(t, w)
}

// While it is put back hosts refuse what they are asked for a while.
func TestPuttingBackIsRepeated(t *testing.T) {
	w := newWorld(t)
	w.refuse["h2 Start"], w.refuse["h2 Remove"], w.refuse["h1 Restore"] = 1, 3, 3
	if err := w.move(); err == nil || strings.Contains(err.Error(), "could not be put back") {
		t.Errorf("the move ended with %v", err)
	}
	w.ends(running, absent)
}

// A host that never does it: who asked is told what to do.
func TestWhatCannotBePutBackIsTold(t *testing.T) {
	w := newWorld(t)
	w.refuse["h2 Start"], w.refuse["h1 Restore"] = 1, 1000
	err := w.move()
	if err == nil || !strings.Contains(err.Error(), "could not be put back") || !strings.Contains(linkspan.HintOf(err), "docker start c1") {
		t.Errorf("the move ended with %v", err)
	}
	w.ends(stopped, absent)
}

// The controller is killed when a task has come to a host, which does it all the
// same or does not, and is started again.
func TestKilledController(t *testing.T) {
	stays, goes := [2]state{running, absent}, [2]state{absent, running}
	for _, test := range []struct {
		task  string
		still bool
		end   [2]state
	}{
		{"h2 Take", false, stays},
		{"h2 Make", false, stays},
		{"h2 Make", true, stays},
		{"h1 Stop", false, stays},
		{"h1 Stop", true, stays},
		{"h2 Start", false, stays},
		{"h2 Start", true, goes},
		{"h1 Remove", false, goes},
		{"h1 Remove", true, goes},
		{"h2 Forget", true, goes},
	} {
		t.Run(fmt.Sprintf("%s %v", test.task, test.still), func(t *testing.T) {
			w := newWorld(t)
			w.still = test.still
			came := make(chan struct{})
			w.before[test.task] = func(ctx context.Context) {
				w.mu.Lock()
				delete(w.before, test.task)
				w.mu.Unlock()
				close(came)
				<-ctx.Done()
			}
			ended := make(chan error, 1)
			go func() { ended <- w.move() }()
			select {
			case <-came:
			case err := <-ended:
				t.Fatal(err)
			}
			w.kill()
			<-ended
			w.boot()
			if w.ends(test.end[0], test.end[1]); test.end == stays {
				again(t, w)
			}
		})
	}
}

// Who leaves before the stop ends the move; nothing was stopped.
func TestLeaving(t *testing.T) {
	w := newWorld(t)
	came, leave := make(chan struct{}), make(chan struct{})
	w.before["h2 Make"] = func(context.Context) { close(came); <-leave }
	d, own, err := w.mover.Begin(t.Context(), w.target())
	if err != nil || !own {
		t.Fatal(own, err)
	}
	<-came
	other, own, err := w.mover.Begin(t.Context(), w.target())
	if err != nil || own || other != d {
		t.Errorf("a second move of it is %v, own %v, %v", other, own, err)
	}
	elsewhere := w.target()
	elsewhere.To.Name = "h3"
	if _, _, err := w.mover.Begin(t.Context(), elsewhere); linkspan.CodeOf(err) != linkspan.Conflict || !strings.Contains(err.Error(), "moved to h2 already") {
		t.Errorf("a move of it to another host: %v", err)
	}
	d.Leave()
	close(leave)
	if err := d.Watch(t.Context(), func(*apiv1.MoveServiceMoveResponse) error { return nil }); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("it ended with %v", err)
	}
	w.ends(running, absent)
	for _, task := range w.tasks {
		if task == "h1 Stop" {
			t.Error("it was stopped")
		}
	}
}

// Links of the container hold at its new place before it runs there, and not at the
// old one any more.
func TestLinksFollow(t *testing.T) {
	for _, fails := range []bool{false, true} {
		w := newWorld(t)
		place := from
		if w.refuse["h2 Start"] = 0; fails {
			w.refuse["h2 Start"] = 1
		}
		other := linkspan.LinkEnd{Chassis: to, Container: "other"}
		if _, err := w.store.PutLink(t.Context(), linkspan.LinkOf(linkspan.LinkEnd{Chassis: from, Container: "c1"}, other, linkspan.LinkDeny), nil); err != nil {
			t.Fatal(err)
		}
		w.before["h2 Start"] = func(context.Context) {
			if links, err := w.store.Links(context.Background()); err != nil || len(links) != 2 {
				t.Errorf("when it starts there are %v, %v", links, err)
			}
		}
		if err := w.move(); (err != nil) != fails {
			t.Fatal(err)
		}
		if !fails {
			place = to
		}
		w.before = nil
		links, err := w.store.Links(t.Context())
		want := linkspan.LinkOf(linkspan.LinkEnd{Chassis: place, Container: "c1"}, other, linkspan.LinkDeny)
		if err != nil || len(links) != 1 || links[0].A != want.A || links[0].B != want.B {
			t.Errorf("links are %v, %v", links, err)
		}
		if !slices.Equal(w.unlinked, []int{1}) {
			t.Errorf("told of links that went: %v", w.unlinked)
		}
	}
}

// One that says the same stays where it was when the move is undone.
func TestLinksThatWereThere(t *testing.T) {
	w := newWorld(t)
	w.refuse["h2 Start"] = 1
	for i, at := range []linkspan.ChassisID{from, to, from} {
		other := linkspan.LinkEnd{Chassis: to, Container: fmt.Sprint("other", i/2)}
		if _, err := w.store.PutLink(t.Context(), linkspan.LinkOf(linkspan.LinkEnd{Chassis: at, Container: "c1"}, other, linkspan.LinkAllow), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.move(); err == nil {
		t.Error("it was moved")
	}
	w.ends(running, absent)
	if links, err := w.store.Links(t.Context()); err != nil || len(links) != 3 {
		t.Errorf("links are %v, %v", links, err)
	}
	again(t, w)
	if links, err := w.store.Links(t.Context()); err != nil || len(links) != 2 {
		t.Errorf("in the end links are %v, %v", links, err)
	}
}

// A link that is at the new place already and says otherwise is not overwritten.
func TestCrossedLinks(t *testing.T) {
	w := newWorld(t)
	other := linkspan.LinkEnd{Chassis: to, Container: "other"}
	for at, verdict := range map[linkspan.ChassisID]linkspan.LinkVerdict{from: linkspan.LinkAllow, to: linkspan.LinkDeny} {
		if _, err := w.store.PutLink(t.Context(), linkspan.LinkOf(linkspan.LinkEnd{Chassis: at, Container: "c1"}, other, verdict), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.move(); linkspan.CodeOf(err) != linkspan.Invalid || !strings.Contains(err.Error(), "its link with other says allow, and one of h2/c1 is there that says deny") {
		t.Errorf("the move ended with %v", err)
	}
	w.ends(running, absent)
	if links, err := w.store.Links(t.Context()); err != nil || len(links) != 2 {
		t.Errorf("links are %v, %v", links, err)
	}
}

// Only the two hosts of a move have a part in its image, while it is carried.
func TestStrangersGetNoImage(t *testing.T) {
	w := newWorld(t)
	w.before["h2 Take"] = func(context.Context) {
		w.mu.Lock()
		delete(w.before, "h2 Take")
		w.mu.Unlock()
		moves, err := w.mover.Under(context.Background())
		if err != nil || len(moves) != 1 {
			t.Errorf("moves are %v, %v", moves, err)
			return
		}
		for _, host := range []linkspan.ChassisID{from, 3} {
			if _, err := w.mover.Taking(host, moves[0].GetId()); linkspan.CodeOf(err) != linkspan.NotFound {
				t.Errorf("host %d takes the image: %v", host, err)
			}
		}
		for _, host := range []linkspan.ChassisID{to, 3} {
			if _, err := w.mover.Giving(host, moves[0].GetId()); linkspan.CodeOf(err) != linkspan.NotFound {
				t.Errorf("host %d gives the image: %v", host, err)
			}
		}
	}
	if err := w.move(); err != nil {
		t.Fatal(err)
	}
	if err := w.mover.Answer(3, 1, new(apiv1.CarryAnswer)); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("an answer that nobody waits for: %v", err)
	}
}

// event checks that the last one is of a kind, about the container.
func (w *world) event(t *testing.T, kind linkspan.EventKind) {
	t.Helper()
	events, err := w.store.Events(t.Context(), 1)
	if err != nil || len(events) != 1 || events[0].Kind != kind || events[0].Subject != "h1/c1" || events[0].Actor != "admin" {
		t.Errorf("the last event is %v, %v", events, err)
	}
}
