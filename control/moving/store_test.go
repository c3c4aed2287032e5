// SPDX-License-Identifier: Apache-2.0

package moving_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control/moving"
)

// records refuse a write now and then.
type records struct {
	moving.Records
	w *world
}

// Create implements moving.Records.
func (x *records) Create(ctx context.Context, id string, r moving.Record) error {
	err := x.Records.Create(ctx, id, r)
	if err == nil && x.w.refusesMoves.Swap(false) {
		return errFull
	}
	return err
}

// Update implements moving.Records.
func (x *records) Update(ctx context.Context, id string, change func(moving.Record) (moving.Record, error)) (r moving.Record, err error) {
	err = x.w.write(func() (err error) { r, err = x.Records.Update(ctx, id, change); return err })
	return r, err
}

// Delete implements moving.Records.
func (x *records) Delete(ctx context.Context, id string) error {
	return x.w.write(func() error { return x.Records.Delete(ctx, id) })
}

const refusals = 2

// write does a write that the store does not refuse.
func (w *world) write(do func() error) error {
	w.mu.Lock()
	if w.faults == 0 {
		w.writes++
	}
	refused := w.writes == w.faulty && w.faults < refusals
	if w.faults++; !refused {
		w.faults = 0
	}
	w.mu.Unlock()
	if refused && !w.done {
		return errFull
	}
	if err := do(); err != nil || !refused {
		return err
	}
	return errFull
}

var errFull = &linkspan.Error{Code: linkspan.Exhausted, Message: "the store is full"}

// A store that refuses a write for a while, whichever, does not leave the container
// where it is, nor one that does what it seems to refuse.
func TestRefusedWrites(t *testing.T) {
	for name, test := range map[string]struct {
		fails  string // the task that a host refuses
		writes int
		end    [2]state
	}{
		"moved":  {"", 5, [2]state{absent, running}},
		"undone": {"h2 Start", 5, [2]state{running, absent}},
	} {
		for write := 1; write <= test.writes; write++ {
			for _, done := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s %d %v", name, write, done), func(t *testing.T) {
					w := newWorld(t)
					w.faulty, w.done = write, done
					if test.fails != "" {
						w.refuse[test.fails] = 1
					}
					told := false
					d, _, err := w.mover.Begin(t.Context(), w.target())
					if err != nil {
						t.Fatal(err)
					}
					err = d.Watch(t.Context(), func(m *apiv1.MoveServiceMoveResponse) error {
						told = told || strings.Contains(m.GetText(), "waiting for the store")
						return nil
					})
					if (err == nil) != (test.fails == "") || !told || strings.Contains(fmt.Sprint(err), "full") {
						t.Errorf("it ended with %v, told of the store: %v", err, told)
					}
					w.ends(test.end[0], test.end[1])
				})
			}
		}
	}
}

// A move that was not recorded, by the sound of it, was not begun: the next one is.
func TestRefusedMove(t *testing.T) {
	w := newWorld(t)
	w.refusesMoves.Store(true)
	if err := w.move(); linkspan.CodeOf(err) != linkspan.Exhausted {
		t.Errorf("the move ended with %v", err)
	}
	w.ends(running, absent)
	again(t, w)
}

// A host may say more than a record holds.
func TestLongReasons(t *testing.T) {
	w := newWorld(t)
	w.refuse["h2 Start"], w.long = 1, strings.Repeat("long ", 1<<18)
	if err := w.move(); err == nil {
		t.Error("it was moved")
	}
	w.ends(running, absent)
	events, err := w.store.Events(t.Context(), 1)
	if err != nil || len(events) != 1 || len(events[0].Message) > 8<<10 {
		t.Errorf("events are %d, %v", len(events), err)
	}
}
