// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"context"
	"fmt"
	"log/slog"
	"maps"

	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs/talk"
	"github.com/linkspan/linkspan/wire/openflow"
)

// write makes the bridge hold what it should, and returns what was changed. Where it is not known
// what it holds, it is asked first. It is called by the holder of turn.
func (p *Part) write(ctx context.Context, conn *talk.Conn, facts Facts) (change, error) {
	var c change
	if p.written != nil && p.from.same(p, facts) {
		return c, nil
	}
	want := Flows(p.tree, facts)
	if p.written != nil {
		c = between(*p.written, want)
	} else {
		held, err := read(ctx, conn)
		if err != nil {
			return c, fmt.Errorf("read the flows of br-switch: %w", err)
		}
		c = towards(held, want)
	}
	p.written = nil // what a failure leaves is asked for
	if err := send(ctx, conn, &c); err != nil {
		return c, err
	}
	if _, err := conn.Ask(ctx, meterMods(c.end, openflow.MeterDelete)...); err != nil {
		p.options.Log.WarnContext(ctx, "meters that nothing names stay", slog.Any("error", err))
		return c, nil
	}
	p.written, p.from = &want, basis{p.tree, facts}
	return c, nil
}

// basis is what flows were made of.
type basis struct {
	tree  *tree.Tree
	facts Facts
}

// same says that the same flows would be made now. It costs next to nothing: most commits
// are about something else.
func (b *basis) same(p *Part, facts Facts) bool {
	if !maps.Equal(b.facts.Ports, facts.Ports) || !maps.Equal(b.facts.Access, facts.Access) {
		return false
	}
	for _, name := range []string{"ports", "vlans", "acls", "switching"} {
		if !b.tree.Root().Child(name).Same(p.tree.Root().Child(name)) {
			return false
		}
	}
	return true
}

// send changes a bridge: meters that flows name, and then all flows at once. When they are
// refused the meters are as they were.
func send(ctx context.Context, conn *talk.Conn, c *change) error {
	if c.empty() {
		return nil
	}
	meters := append(meterMods(c.begin, openflow.MeterAdd), meterMods(c.faster, openflow.MeterModify)...)
	if len(meters) > 0 {
		if _, err := conn.Ask(ctx, meters...); err != nil {
			return config.Undone(fmt.Errorf("meters of br-switch: %w", err), c.back(ctx, conn))
		}
	}
	if mods := c.mods(); len(mods) > 0 {
		if _, err := conn.Ask(ctx, talk.Bundle(mods)...); err != nil {
			return config.Undone(fmt.Errorf("flows of br-switch: %w", err), c.back(ctx, conn))
		}
	}
	return nil
}

// back makes the meters as they were, also for a caller that has gone.
func (c *change) back(ctx context.Context, conn *talk.Conn) error {
	meters := append(meterMods(c.begin, openflow.MeterDelete), meterMods(c.before, openflow.MeterModify)...)
	if len(meters) == 0 {
		return nil
	}
	if _, err := conn.Ask(context.WithoutCancel(ctx), meters...); err != nil {
		return fmt.Errorf("meters of br-switch are not as they were: %w", err)
	}
	return nil
}
