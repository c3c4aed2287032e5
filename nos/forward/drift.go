// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"context"
	"fmt"

	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
)

// Drift implements [config.Host]: flows and meters of br-switch that somebody else changed.
func (p *Part) Drift(ctx context.Context, t *tree.Tree) ([]config.Drift, error) {
	if conn, _, _ := p.state(); conn == nil && bare(t) {
		return nil, nil
	}
	conn, facts, err := p.await(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.take(ctx); err != nil {
		return nil, err
	}
	defer p.give() // no commit is under way
	held, err := read(ctx, conn)
	if err != nil {
		return nil, fmt.Errorf("read the flows of br-switch: %w", err)
	}
	c := towards(held, Flows(t, facts))
	return c.drift(held), nil
}

// drift says what would have to be done to the bridge.
func (c *change) drift(held Held) []config.Drift {
	has := make(map[string]*Flow, len(held.Flows))
	for i := range held.Flows {
		has[held.Flows[i].key()] = &held.Flows[i]
	}
	nobody := []string{"switching"} // of what no line of the configuration is for
	var list []config.Drift
	for i := range c.come {
		d := config.Drift{Path: c.come[i].Path, Want: "flow " + c.come[i].String()}
		if len(d.Path) == 0 {
			d.Path = nobody
		}
		if f := has[c.come[i].key()]; f != nil {
			d.Have = "flow " + f.String()
		}
		list = append(list, d)
	}
	for i := range c.leave {
		list = append(list, config.Drift{Path: nobody, Have: "flow " + c.leave[i].String()})
	}
	for _, m := range c.begin {
		list = append(list, config.Drift{Path: m.Path, Want: m.String()})
	}
	for i, m := range c.faster {
		list = append(list, config.Drift{Path: m.Path, Want: m.String(), Have: c.before[i].String()})
	}
	for _, m := range c.end {
		list = append(list, config.Drift{Path: nobody, Have: m.String()})
	}
	return list
}

// String says which meter it is, and its rate.
func (m *Meter) String() string {
	if m.Rate == 0 {
		return fmt.Sprintf("meter %d of another form", m.ID)
	}
	if m.bits() {
		return fmt.Sprintf("meter %d with %d kbit/s", m.ID, m.Rate)
	}
	return fmt.Sprintf("meter %d with %d frames per second", m.ID, m.Rate)
}
