// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/linkspan/linkspan"
)

// Inventory tells the controller of this host's own networks. Run it once.
type Inventory struct {
	cfg   Config
	asked chan chan struct{} // each is closed when all of now was told

	// Used by Run's goroutine only.
	stored   *Stored   // what the controller has; nil: to be asked for
	unsure   bool      // a call may still be on its way, of this process or an earlier one
	since    time.Time // of the connection in which it was asked for
	compared time.Time
	told     map[string]string // by id: why it is not told of, as it was logged
	trouble  string            // the last one that was logged
	waiting  []chan struct{}   // who asked
}

// New makes an Inventory. The error has code Invalid when a part is missing.
func New(cfg Config) (*Inventory, error) {
	if cfg.Chassis == 0 || cfg.Model == nil || cfg.Fabric == nil || cfg.Registry == nil || cfg.Log == nil {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Op: "make inventory", Message: "a part is not configured"}
	}
	return &Inventory{cfg: cfg, asked: make(chan chan struct{}), unsure: true, told: make(map[string]string)}, nil
}

// Run tells of changes until ctx ends, and returns the context's error.
func (i *Inventory) Run(ctx context.Context) error {
	records, stop := i.cfg.Model.Watch()
	defer stop()
	fabric, end := i.cfg.Fabric.Changed()
	defer end()
	failures := 0
	for {
		err := i.tell(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		i.answer()
		i.log(err)
		if err == nil || errors.Is(err, errAway) {
			failures = 0
			i.rest(ctx, whole, records, fabric)
			continue
		}
		i.stored = nil // it may be otherwise
		pause := min(firstRest<<min(failures, 16), lastRest)
		failures++
		i.rest(ctx, pause-rand.N(pause/2), nil, nil)
	}
}

// rest waits for a reason to look again, and then for what comes with it.
func (i *Inventory) rest(ctx context.Context, pause time.Duration, records, fabric <-chan struct{}) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return
	case <-timer.C:
		return
	case who := <-i.asked:
		i.waiting = append(i.waiting, who)
		return
	case <-records:
	case <-fabric:
	}
	timer.Reset(gather)
	select {
	case <-ctx.Done():
	case <-timer.C:
	case who := <-i.asked:
		i.waiting = append(i.waiting, who)
	}
}

// errAway says that the controller is not there: it will be told when it is.
var errAway = errors.New("the controller is away")

// tell makes the controller's records what there is. What is more than the
// controller keeps is left out, and the rest told.
func (i *Inventory) tell(ctx context.Context) error {
	connected, since := i.cfg.Fabric.Ready()
	if !connected {
		return errAway
	}
	if i.stored == nil || !since.Equal(i.since) || time.Since(i.compared) >= whole {
		if err := i.compare(ctx, since); err != nil {
			return err
		}
	}
	h := i.take()
	i.logRefused(h.refused)
	changes := difference(*i.stored, h)
	if i.unsure && len(changes) == 0 {
		changes = []Change{{}} // nothing to tell, but what is on its way comes too late after it
	}
	var full error
	for n, c := range changes {
		if n > 0 {
			wait(ctx, between)
		}
		err := i.change(ctx, c)
		switch {
		case linkspan.CodeOf(err) == linkspan.Exhausted && err != nil:
			full = err
		case err != nil:
			return err
		}
	}
	return full
}

// compare asks what is stored.
func (i *Inventory) compare(ctx context.Context, since time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	stored, err := i.cfg.Registry.Compare(ctx)
	if err != nil {
		return err
	}
	i.stored, i.since, i.compared = &stored, since, time.Now()
	return nil
}

func (i *Inventory) change(ctx context.Context, c Change) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	revision, err := i.cfg.Registry.Change(ctx, i.stored.Revision, c)
	switch linkspan.CodeOf(err) {
	case linkspan.Conflict, linkspan.Exhausted: // it did nothing
		return err
	}
	if i.unsure = err != nil; !i.unsure {
		i.stored.apply(revision, c)
	}
	return err
}

// log tells of trouble when it is another than the last, and that it is over. That
// somebody else wrote meanwhile is none.
func (i *Inventory) log(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text == i.trouble || errors.Is(err, errAway) || linkspan.CodeOf(err) == linkspan.Conflict {
		return
	}
	i.trouble = text
	if err == nil {
		i.cfg.Log.Info("the controller knows this host's own networks again")
		return
	}
	i.cfg.Log.Warn("the controller does not know all of this host's own networks", "error", err)
}

// logRefused tells of what cannot be told of, once for each reason.
func (i *Inventory) logRefused(refused map[string]error) {
	for id, err := range refused {
		if i.told[id] != err.Error() {
			i.told[id] = err.Error()
			i.cfg.Log.Warn("the controller cannot be told of this", "id", id, "error", err)
		}
	}
	for id := range i.told {
		if refused[id] == nil {
			delete(i.told, id)
		}
	}
}

// wait pauses, or ends with the context.
func wait(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
