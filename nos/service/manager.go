// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/gateway"
)

// Options are what a Manager needs.
type Options struct {
	Docker  string      // address of the engine, as unix:///run/docker.sock; empty: there is none
	Disk    config.Disk // where it is written down what is to run
	Run     string      // folder of sockets; gone with a reboot
	Volumes string      // folder of what members keep
	Program string      // static, the only one of sandboxes; /proc/self/exe if empty
	Command []string    // that holds a sandbox, with sandboxProgram first; "/linkspan pause" if nil
	Policy  Policy      // DefaultPolicy if it allows no members
	Ports   Ports       // of br-switch; nil: nothing is attached to VLANs
	Driver  string      // of the networks that sandboxes may be in; empty: linkspan

	Local    func() []gateway.Service                         // services of this process, in every composite; may be nil
	TLS      func() (*tls.Config, error)                      // for what is exposed; nil: nothing is
	Peer     func(*x509.Certificate) string                   // who has a client certificate
	Calls    func(service, result string, took time.Duration) // called with each call; may be nil
	Audit    func(who, text string, err error)                // called with calls that were refused, or that changed this switch; may be nil
	Patience time.Duration                                    // how long calls wait for a service that does not answer; 0: that of package gateway
	Log      *slog.Logger                                     // discard if nil
}

// Manager keeps the composites of this switch as they are to be. Its methods may be called
// by any number of goroutines.
type Manager struct {
	options Options
	folders folders
	engine  *engine       // nil: there is no Docker
	turn    chan struct{} // held by who changes containers
	wake    chan struct{} // has Run look again

	mu     sync.Mutex
	record record
	live   map[string]*composite
	images map[string]image // by reference
	ctx    context.Context  //nolint:containedctx // of Run: what it starts ends with it
	parts  sync.WaitGroup   // what Run has started
	fault  string           // what was last logged
}

// Open reads what is to run. Nothing is started before Run.
func Open(o Options) (*Manager, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Policy.Members == 0 {
		o.Policy = DefaultPolicy()
	}
	if o.Program == "" {
		o.Program = "/proc/self/exe"
	}
	if o.Command == nil {
		o.Command = []string{sandboxProgram, "pause"}
	}
	if o.Driver == "" {
		o.Driver = "linkspan"
	}
	r, err := readRecord(o.Disk)
	if err != nil {
		return nil, err
	}
	if r.Salt == "" {
		r.Salt = rand.Text()
	}
	m := &Manager{
		options: o, folders: folders{o.Run, o.Volumes}, turn: make(chan struct{}, 1), wake: make(chan struct{}, 1),
		record: r, live: map[string]*composite{}, images: map[string]image{},
	}
	if o.Docker == "" {
		return m, nil
	}
	m.engine, err = openEngine(o.Docker)
	return m, err
}

// Close lets go of Docker. What runs runs on.
func (m *Manager) Close() error {
	if m.engine == nil {
		return nil
	}
	return m.engine.Close()
}

// lookAgain is how long Run waits for somebody to tell it that something has happened.
const lookAgain = 2 * time.Second

// Run keeps composites as they are to be until ctx ends. A change that somebody had begun by hand
// when the process before this one ended is taken back.
func (m *Manager) Run(ctx context.Context) error {
	if m.engine == nil {
		<-ctx.Done()
		return nil
	}
	const ours = 0o700 // nobody else of the host may call
	if err := os.MkdirAll(m.folders.run, ours); err != nil {
		return err
	}
	m.mu.Lock()
	m.ctx = ctx
	m.mu.Unlock()
	defer m.end()
	events := make(chan struct{})
	go func() { defer close(events); m.follow(ctx) }()
	defer func() { <-events }()
	m.recover(ctx)
	for ctx.Err() == nil {
		m.once(ctx)
		select {
		case <-ctx.Done():
		case <-m.wake:
		case <-time.After(lookAgain):
		}
	}
	return nil
}

// once makes everything as it is to be, as far as it can be.
func (m *Manager) once(ctx context.Context) {
	if m.take(ctx) != nil {
		return
	}
	err := m.converge(ctx)
	m.give()
	text := ""
	if err != nil && ctx.Err() == nil {
		text = err.Error()
	}
	if text != m.fault { // it is told once
		if m.fault = text; text != "" {
			m.options.Log.WarnContext(ctx, "not all composites are as they should be", slog.Any("error", err))
		}
	}
}

// recover takes back what somebody had begun by hand.
func (m *Manager) recover(ctx context.Context) {
	m.mu.Lock()
	c := m.record.Change
	m.mu.Unlock()
	if c == nil || c.By != ByHand && c.Phase != phaseReturning {
		return
	}
	for wait := firstWait; ctx.Err() == nil; wait = min(2*wait, lastWait) {
		err := m.Return(ctx)
		if err == nil {
			return
		}
		m.options.Log.WarnContext(ctx, "a change of composites that was begun is not taken back yet", slog.Any("error", err))
		pause(ctx, wait)
	}
}

// end stops what Run has started. Containers run on.
func (m *Manager) end() {
	m.mu.Lock()
	m.ctx = nil // nothing more is started
	m.mu.Unlock()
	m.parts.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.live = map[string]*composite{}
}

// start runs something until Run ends. It is called with mu held.
func (m *Manager) start(run func(ctx context.Context)) context.CancelFunc {
	ctx, cancel := context.WithCancel(m.ctx)
	m.parts.Add(1)
	go func() {
		defer m.parts.Done()
		defer cancel()
		run(ctx)
	}()
	return cancel
}

func (m *Manager) take(ctx context.Context) error {
	select {
	case m.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *Manager) give() { <-m.turn }

func (m *Manager) wakeUp() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// there says whether there is a Docker.
func (m *Manager) there() error {
	if m.engine == nil {
		return &linkspan.Error{Code: linkspan.Unavailable, Message: "there is no Docker on this switch", Hint: "install Debian's docker.io"}
	}
	return nil
}

// save changes the record, on disk first.
func (m *Manager) save(change func(*record)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := m.record.clone()
	change(&next)
	if err := next.write(m.options.Disk); err != nil {
		return err
	}
	m.record = next
	return nil
}

// snapshot returns what is to run and what is kept beside it.
func (m *Manager) snapshot() (wanted, kept map[string]placed) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.record.wanted(), m.record.kept()
}

// Between tries.
const (
	firstWait = 100 * time.Millisecond
	lastWait  = 10 * time.Second
)

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// Socket returns the path of a composite's call interface on this host.
func (m *Manager) Socket(composite string) string {
	return filepath.Join(m.folders.composite(composite), apiSocket)
}

// apiSocket is the name of the call interface, in folders of the host and of members alike.
const apiSocket = "api.sock"
