// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// How often a Watch looks.
const (
	period = 250 * time.Millisecond // at how much the ports send
	window = 450 * time.Millisecond // is at least compared: the bridge's counters move twice a second
	glance = time.Second            // between two looks at a fence that has something to do
	again  = time.Second            // after a fence could not be set
)

// How long something is waited for before it is trouble.
const (
	answerLimit = 3 * time.Second  // the bridge's answer
	moveLimit   = 30 * time.Second // Docker moving an interface into its sandbox
)

// Watch looks at all ports and limits those that flood. Its other methods may be
// called while Run runs.
type Watch struct {
	cfg   Config
	ports map[string]*watched // by link; Run's
	told  string              // the trouble with the bridge that was logged

	mu  sync.Mutex
	now Report
}

// Report is how it stands.
type Report struct {
	Fenced  int     // ports with a fence
	Floods  []State // that last; by container, port and kind
	Held    []Holding
	Trouble string // what keeps a port from being watched or limited; empty: nothing
}

// Holding is what the fence of a port has held since this process watches.
type Holding struct {
	Port Port
	Held
}

// New makes a Watch. The error has code Invalid when a part is missing.
func New(cfg Config) (*Watch, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Watch{cfg: cfg, ports: make(map[string]*watched)}, nil
}

// Report returns how it stood after the last round; its slices are shared and
// not to be changed.
func (w *Watch) Report() Report {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Run watches until ctx ends and returns the context's error. Fences stay as
// they are. Run it once.
func (w *Watch) Run(ctx context.Context) error {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
			w.round(ctx)
		}
	}
}

// round looks once at everything that is due.
func (w *Watch) round(ctx context.Context) {
	w.follow(ctx)
	sent, err := w.cfg.Sent()
	now := time.Now()
	var suspects []*watched
	for link, n := range sent {
		p, ok := w.ports[link]
		if !ok {
			continue
		}
		p.count(now, n)
		if p.glanceDue(now) {
			w.glance(ctx, p)
		}
		if p.suspect(now) {
			suspects = append(suspects, p)
		}
	}
	if err == nil && len(suspects) > 0 {
		err = w.examine(ctx, suspects)
	}
	w.publish(ctx, err)
}

// publish notes how it stands, and logs trouble that is new.
func (w *Watch) publish(ctx context.Context, trouble error) {
	r := Report{}
	for _, p := range slices.SortedFunc(maps.Values(w.ports), (*watched).compare) {
		if p.fenced {
			r.Fenced++
		}
		r.Floods = append(r.Floods, p.states()...)
		if p.held != (Held{}) {
			r.Held = append(r.Held, Holding{p.Port, p.held})
		}
		if p.trouble != "" {
			r.Trouble = p.trouble
		}
	}
	if trouble != nil && ctx.Err() == nil {
		r.Trouble = trouble.Error()
	}
	if r.Trouble != "" && r.Trouble != w.told {
		w.cfg.Log.Warn("storm control is impaired", "error", r.Trouble)
	}
	w.told = r.Trouble
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = r
}

func (p *watched) compare(o *watched) int {
	return cmp.Or(cmp.Compare(p.Container, o.Container), cmp.Compare(p.Number, o.Number))
}
