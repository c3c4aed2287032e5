// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
)

// leaving takes addresses away.
type leaving struct{ *Links }

var _ config.Host = leaving{}

// Plan says which addresses go. Of an unknown host they are those that may be ours and that nothing
// is said of.
func (l leaving) Plan(ctx context.Context, old, new *tree.Tree) (config.Plan, error) {
	p := &plan{all: old == nil}
	if old != nil {
		before := staticRoutes(old)
		p.steps = append(p.steps, step{undo: func(ctx context.Context) error { return l.route(ctx, before) }})
	}
	var kernel map[string]found
	if old == nil {
		var err error
		if kernel, err = l.devices(ctx); err != nil {
			return nil, err
		}
	}
	for _, c := range l.changes(old, new) {
		gone := l.goes(c, kernel[c.name], old == nil)
		if len(gone) == 0 {
			continue
		}
		p.steps = append(p.steps, l.away(c, gone))
	}
	if len(p.steps) == 1 && old != nil {
		p.steps = nil // nothing goes, so nothing is to come back
	}
	return p, nil
}

// goes returns the addresses that go from a device.
func (l leaving) goes(c change, f found, unknown bool) []netip.Prefix {
	if !unknown {
		return slices.DeleteFunc(slices.Clone(c.was.addresses), c.is.has)
	}
	var all []netip.Prefix
	ours := l.memory.made(c.name)
	for _, a := range f.addresses {
		if !a.passing && !c.is.has(a.Prefix) && (c.is.vlan || slices.Contains(ours, a.Prefix)) {
			all = append(all, a.Prefix)
		}
	}
	return all
}

func (l leaving) away(c change, addresses []netip.Prefix) step {
	s := step{text: fmt.Sprintf("%s: remove %s", c.name, list(addresses))}
	s.do = func(context.Context) error { return l.take(c.name, addresses) }
	s.undo = func(ctx context.Context) error {
		if !c.was.said() {
			return nil // of an unknown host
		}
		return l.make(ctx, c.is, c.was, time.Now().Add(patience))
	}
	return s
}

func list(addresses []netip.Prefix) string {
	text := addresses[0].String()
	for _, a := range addresses[1:] {
		text += ", " + a.String()
	}
	return text
}

// Drift is told by the part behind the bridge.
func (l leaving) Drift(context.Context, *tree.Tree) ([]config.Drift, error) { return nil, nil }
