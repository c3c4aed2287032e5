// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs/talk"
)

// How long the bridge, and interfaces that are new in it, are waited for in a commit.
const (
	awaitBridge     = 10 * time.Second
	awaitInterfaces = 5 * time.Second
)

// Options say which bridge to keep. Dial is needed.
type Options struct {
	Dial func(context.Context) (net.Conn, error) // opens the management socket of br-switch
	Log  *slog.Logger                            // default: discard

	// Access returns the VLANs of ports that are not configured; see Facts. It is asked when the
	// bridge's ports change. Nil: there are none.
	Access func() map[string]uint16
}

// Part keeps the flows of br-switch as a configuration says.
type Part struct {
	options Options
	turn    chan struct{} // held by who changes the bridge, or what follows

	tree    *tree.Tree // nil until the first configuration
	written *Set       // what the bridge holds by this process; nil when that is not known
	from    basis      // of written

	needed chan struct{} // wakes Run

	mu    sync.Mutex
	need  bool       // the configuration has something for the bridge
	conn  *talk.Conn // nil while the bridge is away
	facts Facts
	news  chan struct{} // closed when conn or facts change
}

var _ config.Host = (*Part)(nil)

// New returns a Part that changes nothing before Run and a first configuration.
func New(o Options) *Part {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Part{options: o, turn: make(chan struct{}, 1), needed: make(chan struct{}, 1), news: make(chan struct{})}
}

// want notes the configuration that is to hold. It is called by the holder of turn.
func (p *Part) want(t *tree.Tree) {
	p.tree = t
	p.mu.Lock()
	p.need = t != nil && !bare(t)
	p.mu.Unlock()
	wake(p.needed)
}

func (p *Part) isNeeded() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.need
}

func (p *Part) take(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Part) give() { <-p.turn }

// state returns the connection, nil if there is none, and what will be closed when
// anything of it changes.
func (p *Part) state() (*talk.Conn, Facts, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conn, p.facts, p.news
}

func (p *Part) become(conn *talk.Conn, f Facts) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conn, p.facts = conn, f
	close(p.news)
	p.news = make(chan struct{})
}

// await returns a connection. Errors: Unavailable.
func (p *Part) await(ctx context.Context) (*talk.Conn, Facts, error) {
	ctx, cancel := context.WithTimeout(ctx, awaitBridge)
	defer cancel()
	for {
		conn, facts, news := p.state()
		if conn != nil {
			return conn, facts, nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return nil, facts, &linkspan.Error{Code: linkspan.Unavailable, Message: "the bridge of the switch is away", Err: ctx.Err(),
				Hint: "look at `systemctl status openvswitch-switch`"}
		}
	}
}

// reach returns a connection for a caller who is not patient, as nobody may be in Run yet: if
// there is none it makes one, which done closes. Errors: Unavailable.
func (p *Part) reach(ctx context.Context, patient bool) (conn *talk.Conn, f Facts, done func(), err error) {
	if conn, f, _ := p.state(); conn != nil {
		return conn, f, func() {}, nil
	}
	if patient {
		conn, f, err := p.await(ctx)
		return conn, f, func() {}, err
	}
	socket, err := p.options.Dial(ctx)
	if err != nil {
		return nil, f, nil, &linkspan.Error{Code: linkspan.Unavailable, Message: "the bridge of the switch is away", Err: err,
			Hint: "it gets its flows when it is there"}
	}
	if conn, err = talk.Open(ctx, socket, talk.Config{}); err != nil {
		return nil, f, nil, err
	}
	if f, err = p.factsOf(ctx, conn); err != nil {
		conn.Close()
	}
	return conn, f, conn.Close, err
}

// missing waits until the bridge has the interfaces that a change brings, and returns the
// facts then: one whose device cannot be opened never comes.
func (p *Part) missing(ctx context.Context, old, new *tree.Tree, facts Facts) Facts {
	ctx, cancel := context.WithTimeout(ctx, awaitInterfaces)
	defer cancel()
	awaited := come(old, new)
	for {
		_, now, news := p.state()
		if len(now.Ports) > 0 {
			facts = now
		}
		if len(facts.of(awaited...)) == len(awaited) {
			return facts
		}
		select {
		case <-news:
		case <-ctx.Done():
			return facts
		}
	}
}

// come returns the interfaces that one configuration has and the other has not. Of an
// unknown host none is waited for: what comes later is heard of.
func come(old, new *tree.Tree) []string {
	if old == nil {
		return nil
	}
	had := make(map[string]bool)
	for _, name := range Interfaces(old) {
		had[name] = true
	}
	var list []string
	for _, name := range Interfaces(new) {
		if !had[name] {
			list = append(list, name)
		}
	}
	return list
}
