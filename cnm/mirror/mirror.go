// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
)

// Mirror keeps dockerd's networks equal to the fabric's. Run it once.
type Mirror struct {
	cfg   Config
	wake  chan struct{}
	asked chan chan error // each gets what the next look says

	// Used by Run's goroutine only.
	notes   *notes
	strange map[string]time.Time // networks that only dockerd knows, since
	swept   time.Time            // when leftovers were last looked for
	told    map[string]string    // by subject: what was reported last and need not be said again
	logged  string               // the last error that was logged
	waiting []chan error         // who asked for the next look
}

// New makes a Mirror and reads its notes. The error is that of the store, or
// has code Invalid when a part is missing.
func New(ctx context.Context, cfg Config) (*Mirror, error) {
	if cfg.Fabric == nil || cfg.Model == nil || cfg.Store == nil || cfg.Log == nil {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Op: "make mirror", Message: "a part is not configured"}
	}
	if cfg.StrangeAfter == 0 {
		cfg.StrangeAfter = strangeAfter
	}
	notes, err := loadNotes(ctx, cfg.Store)
	if err != nil {
		return nil, err
	}
	return &Mirror{cfg: cfg, notes: notes, wake: make(chan struct{}, 1), asked: make(chan chan error), told: make(map[string]string)}, nil
}

// Run mirrors until ctx ends and returns the context's error.
func (m *Mirror) Run(ctx context.Context) error {
	changed, stop := m.cfg.Fabric.Changed()
	defer stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	if m.cfg.Docker != nil {
		wg.Go(func() { m.listen(ctx) })
	}

	failures := 0
	for {
		err := m.reconcile(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		m.answer(err)
		pause := Interval
		if err != nil {
			pause = min(firstPause<<min(failures, 16), Interval)
			failures++
		} else {
			failures = 0
		}
		if !errors.Is(err, errPending) {
			m.logOnce(err)
		}
		m.rest(ctx, pause, changed)
	}
}

// rest waits for a reason to look again.
func (m *Mirror) rest(ctx context.Context, pause time.Duration, changed <-chan struct{}) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return
	case <-timer.C:
		return
	case who := <-m.asked:
		m.waiting = append(m.waiting, who)
		return
	case <-m.wake:
	case <-changed:
	case <-m.cfg.Model.Changes():
	}
	timer.Reset(settle)
	select {
	case <-ctx.Done():
	case <-timer.C:
	case who := <-m.asked:
		m.waiting = append(m.waiting, who)
	}
}

// listen keeps dockerd's event stream open; each event, and each time it opens,
// is a reason to look.
func (m *Mirror) listen(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		_ = m.cfg.Docker.Events(ctx, func() { // reconcile meets and tells the same trouble
			failures = 0
			select {
			case m.wake <- struct{}{}:
			default:
			}
		})
		pause := min(firstPause<<min(failures, 16), 2*time.Second)
		failures++
		timer := time.NewTimer(pause - rand.N(pause/2))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// logOnce logs an error when it is another than the last one, and that it is
// over.
func (m *Mirror) logOnce(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if m.logged == text {
		return
	}
	m.logged = text
	if err == nil {
		m.cfg.Log.Info("docker networks agree with the fabric again")
		return
	}
	m.cfg.Log.Warn("docker networks do not agree with the fabric", "error", err)
}

// errPending asks for another look soon; nothing is wrong.
var errPending = errors.New("a network is being created or removed in dockerd")
