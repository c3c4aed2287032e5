// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"context"
	"fmt"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Plan implements [config.Host]. The error is about access lists that cannot be told apart.
func (p *Part) Plan(_ context.Context, old, new *tree.Tree) (config.Plan, error) {
	if one, other, ok := Collision(new); ok {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("access lists %s and %s cannot be told apart by their numbers", one, other), Hint: "call one of them otherwise"}
	}
	return &plan{part: p, old: old, new: new}, nil
}

// plan is a way from one configuration to another. Which flows that takes is known when the
// bridge has its ports: in Apply.
type plan struct {
	part     *Part
	old, new *tree.Tree
	before   *tree.Tree // of the part, before Apply
	done     change
}

// Apply implements [config.Plan].
func (l *plan) Apply(ctx context.Context) error {
	p := l.part
	if err := p.take(ctx); err != nil {
		return err
	}
	defer p.give()
	l.before = p.tree
	p.want(l.new)
	if l.old == nil {
		p.written = nil // somebody may have changed it
	}
	err := l.write(ctx)
	if err != nil && l.old != nil {
		p.want(l.before)
	}
	return err
}

func (l *plan) write(ctx context.Context) error {
	p := l.part
	if conn, _, _ := p.state(); conn == nil && bare(l.new) {
		return nil // nothing needs the bridge, which may never come
	}
	conn, facts, done, err := p.reach(ctx, l.old != nil)
	if err != nil {
		return err
	}
	defer done()
	l.done, err = p.write(ctx, conn, p.missing(ctx, l.old, l.new, facts))
	if bare(l.new) && linkspan.CodeOf(err) == linkspan.Unavailable {
		return nil // the bridge goes with the last of its ports
	}
	return err
}

// bare says that a configuration needs no br-switch: there are neither ports nor VLANs. One with
// VLANs alone may have ports of services.
func bare(t *tree.Tree) bool {
	return t.Root().Child("ports").Len() == 0 && t.Root().Child("vlans").Len() == 0
}

// Verify implements [config.Plan]: what Apply changed is read back.
func (l *plan) Verify(ctx context.Context) error {
	if l.done.empty() {
		return nil
	}
	conn, _, done, err := l.part.reach(ctx, l.old != nil)
	if err != nil {
		return err
	}
	defer done()
	held, err := readSome(ctx, conn, l.done.requests())
	if err != nil {
		return fmt.Errorf("read the flows of br-switch: %w", err)
	}
	return l.done.verify(held)
}

// few is up to how many flows are asked for one by one.
const few = 32

// requests returns what to ask a bridge for, to see what became of the change.
func (c *change) requests() []openflow.FlowRequest {
	all := append(slices.Clone(c.come), c.leave...)
	if len(all) > few {
		return []openflow.FlowRequest{{TableID: openflow.TableAll}}
	}
	list := make([]openflow.FlowRequest, len(all))
	for i := range all {
		list[i] = openflow.FlowRequest{TableID: all[i].Table, Match: all[i].Match}
	}
	return list
}

// verify says what of a change the bridge does not hold.
func (c *change) verify(held Held) error {
	left := towards(held, Set{Flows: c.come, Meters: append(c.begin, c.faster...)})
	switch {
	case len(left.come) > 0:
		return lacks(len(left.come), "flow", left.come[0].String())
	case len(left.begin)+len(left.faster) > 0:
		m := append(left.begin, left.faster...)[0]
		return lacks(len(left.begin)+len(left.faster), "meter", fmt.Sprintf("%s of %s", m.Kind, m.Port))
	}
	there := make(map[string]bool)
	for i := range held.Flows {
		there[held.Flows[i].key()] = true
	}
	for i := range c.leave {
		if there[c.leave[i].key()] {
			return &linkspan.Error{Code: linkspan.Internal, Message: "a flow that was taken away is there: " + c.leave[i].String()}
		}
	}
	return nil
}

func lacks(n int, what, which string) error {
	return &linkspan.Error{Code: linkspan.Internal, Message: fmt.Sprintf("br-switch does not hold %d %ss that were written, the first: %s", n, what, which)}
}

// Undo implements [config.Plan].
func (l *plan) Undo(ctx context.Context) error {
	p := l.part
	if err := p.take(ctx); err != nil {
		return err
	}
	defer p.give()
	p.want(l.before)
	if conn, _, _ := p.state(); l.before == nil || conn == nil && bare(l.before) {
		return nil
	}
	conn, facts, err := p.await(ctx)
	if err != nil {
		return err
	}
	_, err = p.write(ctx, conn, facts)
	return err
}
