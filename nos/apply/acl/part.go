// SPDX-License-Identifier: Apache-2.0

package acl

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/linkspan/linkspan/nos/apply/link"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
)

// Options are what a part needs. The zero value works.
type Options struct {
	// Admit lets just these devices, sorted, through the firewall of others, which may drop
	// what it does not know (Docker's chain FORWARD does). Nil: nobody is asked.
	Admit func(devices []string) error
	Log   *slog.Logger // slog.Default if nil
}

// Part applies access lists to the process's network namespace.
type Part struct {
	options Options
	mu      sync.Mutex
	routed  []string // that are admitted
	known   bool     // which are
	settled bool     // they were admitted
}

var _ config.Host = (*Part)(nil)

// New returns the part.
func New(o Options) *Part {
	if o.Admit == nil {
		o.Admit = func([]string) error { return nil }
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Part{options: o}
}

// again is between two looks at the firewall of others, who may come later than this, and
// write theirs anew.
const again = 10 * time.Second

// Run goes on letting what is routed through the firewall of others, until ctx ends.
func (p *Part) Run(ctx context.Context) error {
	tick := time.NewTicker(again)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			p.look()
		}
	}
}

// look admits again. Where nothing is routed there is nothing to look for, once what was
// admitted before has gone.
func (p *Part) look() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known && (len(p.routed) > 0 || !p.settled) {
		p.admitted(p.options.Admit(p.routed))
	}
}

// admit lets devices through. That it cannot be done is no error: what is routed without
// a firewall of others passes.
func (p *Part) admit(devices []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known && slices.Equal(devices, p.routed) {
		return
	}
	p.routed, p.known = devices, true
	p.admitted(p.options.Admit(devices))
}

func (p *Part) admitted(err error) {
	p.settled = err == nil
	if err != nil {
		p.options.Log.Warn("what is routed may not pass the firewall of others", slog.Any("error", err))
	}
}

// Plan says which lists change.
func (h *Part) Plan(_ context.Context, old, new *tree.Tree) (config.Plan, error) {
	if !concerns(old, new) {
		return plan{part: h}, nil
	}
	p := plan{part: h, was: of(old), is: of(new), unknown: old == nil, concerns: true}
	p.changes = p.unknown || !p.is.same(p.was)
	return p, nil
}

type plan struct {
	part             *Part
	was, is          rules
	concerns         bool // it may differ
	changes, unknown bool
}

// Steps says what would change.
func (p plan) Steps() []string {
	if !p.changes {
		return nil
	}
	return p.is.differ(p.was)
}

// Apply replaces the table. Where it is already as it should be it stays, and its counters.
func (p plan) Apply(context.Context) error {
	if p.concerns {
		p.part.admit(p.is.routed)
	}
	if !p.changes {
		return nil
	}
	if p.unknown {
		if have, err := read(); err == nil && have.is(p.is) {
			return nil
		}
	}
	return replace(p.is)
}

// Verify reads the table back.
func (p plan) Verify(context.Context) error {
	if !p.changes {
		return nil
	}
	have, err := read()
	if err == nil && !have.is(p.is) {
		err = errors.New("the table is not as it was written")
	}
	return err
}

// Undo writes what was there before.
func (p plan) Undo(context.Context) error {
	if p.concerns && !p.unknown {
		p.part.admit(p.was.routed)
	}
	if !p.changes || p.unknown {
		return nil
	}
	return replace(p.was)
}

// Drift returns which lists and devices are not as is configured.
func (*Part) Drift(_ context.Context, t *tree.Tree) ([]config.Drift, error) {
	have, err := read()
	want := of(t)
	if err != nil || have.is(want) {
		return nil, err
	}
	drift := append(sideDrift("acl-in", want.in, have.in), sideDrift("acl-out", want.out, have.out)...)
	texts := want.texts()
	for _, chain := range slices.Sorted(maps.Keys(texts)) {
		if !slices.Equal(texts[chain], have.texts[chain]) {
			drift = append(drift, config.Drift{Path: chainPath(chain), Want: strings.Join(texts[chain], "; "), Have: strings.Join(have.texts[chain], "; ")})
		}
	}
	if !slices.Equal(want.ports, have.ports) {
		drift = append(drift, config.Drift{Path: []string{"ports"}, Want: strings.Join(want.ports, " "), Have: strings.Join(have.ports, " ")})
	}
	return drift, nil
}

func sideDrift(leaf string, want, have map[string]string) []config.Drift {
	var drift []config.Drift
	for _, device := range slices.Sorted(maps.Keys(union(want, have))) {
		if want[device] != have[device] {
			id := strings.TrimPrefix(device, link.VLANPrefix)
			drift = append(drift, config.Drift{Path: []string{"vlans", id, "interface", leaf}, Want: want[device], Have: have[device]})
		}
	}
	return drift
}

// chainPath is where what a chain holds is configured.
func chainPath(chain string) []string {
	if name, ok := strings.CutPrefix(chain, listPrefix); ok {
		return []string{"acls", name}
	}
	return []string{"vlans"}
}
