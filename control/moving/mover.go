// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/store"
)

// Records keeps the moves that are under way.
type Records interface {
	List(context.Context) ([]Record, error)
	// Create writes a record that is not there; else code Exists.
	Create(ctx context.Context, id string, r Record) error
	Update(ctx context.Context, id string, change func(Record) (Record, error)) (Record, error)
	Delete(ctx context.Context, id string) error
}

// Store is what a Mover needs of package store.
type Store interface {
	Chassis(context.Context, linkspan.ChassisID) (linkspan.Chassis, error)
	AppendEvent(context.Context, linkspan.Event) error
	Links(context.Context) ([]linkspan.Link, error)
	PutLink(context.Context, linkspan.Link, store.Check[linkspan.Link]) (linkspan.Link, error)
	RemoveLink(context.Context, linkspan.Link) (bool, error)
}

var (
	_ Records = store.Records[Record]{}
	_ Store   = (*store.Store)(nil)
)

// Config is what a Mover is made of; all fields but Unlinked and the times are needed.
type Config struct {
	Records  Records
	Store    Store
	Log      *slog.Logger
	Unlinked func(context.Context) error // is called when links of a place were removed; nil: nobody

	Pause time.Duration // between two tries to reach a host; 0: 1 s
	Stall time.Duration // how long an image may not move at all; 0: 10 min
	Busy  time.Duration // the same, where dockerd gathers or unpacks it; 0: 1 h
}

// Mover carries out moves. Run it once; its methods may be called concurrently.
type Mover struct {
	cfg   Config
	posts *posts
	begun chan *Drive
	known chan struct{} // closed when the moves of an earlier process are known

	mu     sync.Mutex
	drives map[string]*Drive // by the move's id
	wake   chan struct{}     // closed when a host begins to follow
}

// New makes a Mover; nothing runs before Run.
func New(cfg Config) *Mover {
	if cfg.Pause == 0 {
		cfg.Pause = time.Second
	}
	if cfg.Stall == 0 {
		cfg.Stall = 10 * time.Minute
	}
	if cfg.Busy == 0 {
		cfg.Busy = time.Hour
	}
	return &Mover{
		cfg: cfg, posts: newPosts(), begun: make(chan *Drive), known: make(chan struct{}), drives: make(map[string]*Drive), wake: make(chan struct{}),
	}
}

// Run finishes or undoes the moves that an earlier process left, and carries out
// those that are begun, until ctx ends. Those under way then are left as they are
// recorded.
func (m *Mover) Run(ctx context.Context) error {
	var driving sync.WaitGroup
	defer driving.Wait()
	left, err := m.cfg.Records.List(ctx)
	if err != nil {
		return err
	}
	start := func(d *Drive) {
		driving.Go(func() {
			m.drive(ctx, d)
			m.mu.Lock()
			defer m.mu.Unlock()
			delete(m.drives, d.record.ID)
		})
	}
	for _, r := range left {
		d := newDrive(r)
		m.mu.Lock()
		m.drives[r.ID] = d
		m.mu.Unlock()
		start(d)
	}
	close(m.known)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case d := <-m.begun:
			start(d)
		}
	}
}

// Under returns the moves that are under way.
func (m *Mover) Under(ctx context.Context) ([]*apiv1.Move, error) {
	records, err := m.cfg.Records.List(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]*apiv1.Move, 0, len(records))
	for _, r := range records {
		one := moveOf(&r)
		if d := m.find(r.ID); d != nil {
			d.mu.Lock()
			one.Waiting = d.waiting
			d.mu.Unlock()
		}
		list = append(list, one)
	}
	return list, nil
}

func (m *Mover) find(id string) *Drive {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.drives[id]
}

// wakeAll has who waits for a host look again.
func (m *Mover) wakeAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.wake)
	m.wake = make(chan struct{})
}

// rest waits for a pause, or until a host begins to follow.
func (m *Mover) rest(ctx context.Context, pause time.Duration) {
	m.mu.Lock()
	wake := m.wake
	m.mu.Unlock()
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timer.C:
	}
}
