// SPDX-License-Identifier: Apache-2.0

package moving_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control/moving"
	"github.com/linkspan/linkspan/store"
	"github.com/linkspan/linkspan/store/kv/memory"
)

const (
	from = linkspan.ChassisID(1)
	to   = linkspan.ChassisID(2)
)

// world is two hosts, a store, and a controller that may be killed.
type world struct {
	t       *testing.T
	store   *store.Store
	chassis map[linkspan.ChassisID]linkspan.Chassis

	mu      sync.Mutex
	old     state // of the container on from
	made    state // of the one on to
	tasks   []string
	refuse  map[string]int  // tasks that a host refuses, how often
	lose    map[string]bool // tasks that are done, and whose answer is lost once
	before  map[string]func(context.Context)
	still   bool // hosts do what they were asked for when the controller is dead
	changes bool // written after the check
	image   []byte
	got     []byte // of the image, by to
	there   bool   // to has the image
	writes  int    // to records, but for the first
	faulty  int    // the one that the store refuses twice; 0: none
	done    bool   // what it refuses is done all the same
	faults  int
	long    string // what hosts add to their refusals
	crashes bool   // the new one ends as soon as it was started
	stall   time.Duration
	busy    time.Duration

	refusesMoves atomic.Bool // the next one, which is recorded all the same

	mover    *moving.Mover
	kill     func()
	unlinked []int // how many links there were each time that some had gone
}

type state int

const (
	absent state = iota
	stopped
	running
)

func newWorld(t *testing.T) *world {
	t.Helper()
	db := memory.New()
	t.Cleanup(func() { _ = db.Close() })
	w := &world{
		t: t, store: store.New(db), old: running, chassis: make(map[linkspan.ChassisID]linkspan.Chassis),
		refuse: make(map[string]int), lose: make(map[string]bool), before: make(map[string]func(context.Context)),
		image: make([]byte, 1<<20),
	}
	for _, name := range []string{"h1", "h2"} {
		c, err := w.store.CreateChassis(t.Context(), linkspan.Chassis{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		w.chassis[c.ID] = c
	}
	w.boot()
	t.Cleanup(func() { w.kill() })
	return w
}

// boot starts a controller and connects the hosts.
func (w *world) boot() {
	m := moving.New(moving.Config{
		Records: &records{Records: store.Moves[moving.Record](w.store), w: w}, Store: w.store, Log: slog.New(slog.DiscardHandler), Pause: time.Millisecond, Stall: w.stall, Busy: w.busy,
		Unlinked: func(ctx context.Context) error {
			links, err := w.store.Links(ctx)
			w.unlinked = append(w.unlinked, len(links))
			return err
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	parts.Go(func() { _ = m.Run(ctx) })
	for _, id := range []linkspan.ChassisID{from, to} {
		w.follow(ctx, &parts, m, id)
	}
	w.mover, w.kill = m, func() { cancel(); parts.Wait() }
}

// follow is a host that does its tasks.
func (w *world) follow(ctx context.Context, parts *sync.WaitGroup, m *moving.Mover, id linkspan.ChassisID) {
	post := m.Attach(id)
	parts.Go(func() {
		var tasks sync.WaitGroup
		defer func() { post.Close(); tasks.Wait() }()
		last := make(chan struct{}) // closed when the task before is done
		close(last)
		for {
			select {
			case <-ctx.Done():
				return
			case <-post.Ended():
				return
			case task := <-post.Tasks():
				before, done := last, make(chan struct{})
				last = done
				tasks.Go(func() {
					defer close(done)
					<-before
					a, err := w.do(ctx, m, id, task)
					if err != nil {
						a = &apiv1.CarryAnswer{Error: err.Error(), Code: linkspan.CodeOf(err).String()}
					}
					if errors.Is(err, errLost) {
						w.follow(ctx, parts, m, id) // the host is connected anew, and nobody hears the answer
						return
					}
					_ = m.Answer(id, task.GetId(), a)
				})
			}
		}
	})
}

var errLost = errors.New("lost")

func (w *world) do(ctx context.Context, m *moving.Mover, id linkspan.ChassisID, t *apiv1.CarryTask) (*apiv1.CarryAnswer, error) {
	name := fmt.Sprintf("h%d %T", id, t.GetWhat())
	name = name[:3] + name[len("h1 *apiv1.CarryTask_"):]
	w.mu.Lock()
	hook := w.before[name]
	w.tasks = append(w.tasks, name)
	w.mu.Unlock()
	if hook != nil {
		hook(ctx)
	}
	if ctx.Err() != nil && !w.still {
		return nil, ctx.Err()
	}
	switch {
	case t.GetGive() != nil:
		if err := w.refused(name); err != nil {
			return nil, err
		}
		return new(apiv1.CarryAnswer), w.give(ctx, m, id, t.GetMove())
	case t.GetTake() != nil:
		a, err := w.take(ctx, m, id, t.GetMove())
		return a, errors.Join(w.refused(name), err)
	}
	a := new(apiv1.CarryAnswer)
	if err := w.refused(name); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.change(t, a)
	if w.old == running && w.made == running {
		w.t.Error("both run")
	}
	if err == nil && w.lose[name] {
		delete(w.lose, name)
		return nil, errLost
	}
	return a, err
}

func (w *world) refused(name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse[name] == 0 {
		return nil
	}
	w.refuse[name]--
	return &linkspan.Error{Code: linkspan.Internal, Message: name + " refused" + w.long}
}

func (w *world) change(t *apiv1.CarryTask, a *apiv1.CarryAnswer) error {
	switch {
	case t.GetRead() != nil:
		a.Container, a.Name, a.Running, a.Spec = "old", "c1", true, []byte("{}")
		a.Plan = &apiv1.MovePlan{Container: "c1", ImageId: "sha256:1", ImageSize: uint64(len(w.image))}
	case t.GetCheck() != nil:
		if w.there {
			a.Image = "sha256:1"
		}
	case t.GetMake() != nil:
		a.Container, w.made = "new", stopped
	case t.GetStop() != nil:
		w.old = stopped
		if w.changes {
			return &linkspan.Error{Code: linkspan.Conflict, Message: "it wrote something"}
		}
	case t.GetStart() != nil:
		if w.made = running; w.crashes {
			w.made = stopped
		}
	case t.GetLook() != nil:
		a.Running = w.made == running
	case t.GetRestore() != nil:
		w.old = running
	case t.GetRemove() != nil && t.GetRemove().GetContainer() == "old":
		w.old = absent
	case t.GetRemove() != nil:
		w.made = absent
	}
	return nil
}

func (w *world) give(ctx context.Context, m *moving.Mover, id linkspan.ChassisID, move string) error {
	p, err := m.Giving(id, move)
	if err != nil {
		return err
	}
	for rest := w.image; len(rest) > 0; rest = rest[min(len(rest), 1<<16):] {
		if err := p.Write(ctx, rest[:min(len(rest), 1<<16)]); err != nil {
			return err
		}
	}
	p.End()
	return nil
}

func (w *world) take(ctx context.Context, m *moving.Mover, id linkspan.ChassisID, move string) (*apiv1.CarryAnswer, error) {
	p, err := m.Taking(id, move)
	if err != nil {
		return nil, err
	}
	for {
		piece, whole, err := p.Read(ctx)
		if err != nil {
			return nil, err
		}
		if whole {
			return &apiv1.CarryAnswer{Image: "sha256:1"}, nil
		}
		w.mu.Lock()
		w.got = append(w.got, piece...)
		w.mu.Unlock()
	}
}

// move moves the container and returns how it ended.
func (w *world) move() error {
	d, _, err := w.mover.Begin(w.t.Context(), w.target())
	if err != nil {
		return err
	}
	return d.Watch(w.t.Context(), func(*apiv1.MoveServiceMoveResponse) error { return nil })
}

func (w *world) target() moving.Target {
	return moving.Target{From: w.chassis[from], To: w.chassis[to], Container: "c1", Endpoint: "e", Actor: "admin"}
}

// ends waits until no move is recorded, and says where the container runs.
func (w *world) ends(old, made state) {
	w.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		left, err := store.Moves[moving.Record](w.store).List(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if len(left) == 0 {
			break
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("the move does not end: %+v", left)
		}
		time.Sleep(time.Millisecond)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.old != old || w.made != made {
		events, _ := w.store.Events(w.t.Context(), 1)
		w.t.Errorf("the old one is %d and the new one %d, want %d and %d; tasks %v; %v", w.old, w.made, old, made, w.tasks, events)
	}
}
