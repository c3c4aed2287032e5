// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/forward/dispatch"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Plan says what a configuration changes in who decides. The error says what cannot be: that
// no controller is there for what becomes its, that a VLAN names no network.
func (k *Keeper) Plan(_ context.Context, old, new *tree.Tree) (config.Plan, error) {
	p := &plan{k: k, want: newWish(new), boot: old == nil}
	if ids := p.want.unnamed(); len(ids) > 0 {
		return nil, &linkspan.Error{
			Code: linkspan.Invalid, Message: fmt.Sprintf("the controller should decide about vlan %d, and nothing says which network of the fabric that is", ids[0]),
			Hint: fmt.Sprintf("set vlans %d network NAME", ids[0]),
		}
	}
	if len(p.want.foreign) > 0 && k.options.Guests == nil {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: "this switch has no bridges for foreign controllers"}
	}
	k.mu.Lock()
	p.before = k.is
	k.mu.Unlock()
	if p.boot {
		return p, nil
	}
	before := newWish(old)
	if p.same = reflect.DeepEqual(before, p.want); p.same {
		return p, nil
	}
	to := p.before
	to.wish = p.want
	p.become, p.cease = changes(&p.before, &to)
	s := step{k: k, from: p.before, to: to, become: p.become}
	return p, s.check()
}

// plan is a change of configuration.
type plan struct {
	k             *Keeper
	want          *wish
	before        arrangement
	boot, same    bool
	become, cease []zone
}

// Steps says what would be done.
func (p *plan) Steps() (steps []string) {
	if len(p.become) > 0 {
		steps = append(steps, "the controller decides about "+strings.Join(texts(p.become), " ")+" (port/vlan), after their hosts are in the fabric")
	}
	if len(p.cease) > 0 {
		steps = append(steps, "the switch itself decides about "+strings.Join(texts(p.cease), " ")+" (port/vlan)")
	}
	return steps
}

// Apply makes the change, or leaves all as it was.
func (p *plan) Apply(ctx context.Context) error {
	if p.same {
		return nil
	}
	if p.boot {
		return p.k.boot(ctx, p.want)
	}
	if err := p.k.take(ctx); err != nil {
		return err
	}
	defer func() { <-p.k.turn }()
	p.k.mu.Lock()
	p.before = p.k.is // it may have fallen back since
	p.k.mu.Unlock()
	err := p.k.guests(ctx, p.want)
	if err == nil {
		to := p.before
		to.wish = p.want
		err = p.k.change(ctx, to, "configuration")
	}
	if err == nil || p.before.wish.sameGuests(p.want) {
		return err
	}
	if wrong := p.k.guests(context.WithoutCancel(ctx), p.before.wish); wrong != nil {
		return config.Undone(err, wrong)
	}
	return err
}

// Verify reads the flows back.
func (p *plan) Verify(ctx context.Context) error {
	if p.same {
		return nil
	}
	found, err := p.k.differences(ctx)
	if (p.boot || !p.want.needsBridge()) && linkspan.CodeOf(err) == linkspan.Unavailable {
		return nil
	}
	if err == nil && len(found) > 0 {
		err = &linkspan.Error{Code: linkspan.Internal, Message: "flows of br-switch are not as they should be: " + found[0]}
	}
	return err
}

// Undo makes the arrangement again that was, without asking anybody.
func (p *plan) Undo(ctx context.Context) error {
	if p.same {
		return nil
	}
	if err := p.k.take(ctx); err != nil {
		return err
	}
	defer func() { <-p.k.turn }()
	now := p.before
	if p.boot {
		return nil
	}
	to := p.before
	to.wish = p.want
	become, cease := changes(&to, &now)
	s := &step{k: p.k, from: to, to: now, become: become, cease: cease}
	s.announce()
	if err := p.k.arrange(ctx, now); err != nil {
		return err
	}
	s.announce()
	return p.k.guests(ctx, now.wish)
}

// take waits for its turn to change who decides.
func (k *Keeper) take(ctx context.Context) error {
	select {
	case k.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// boot makes what is wished the arrangement of a switch of which nothing is known. What was
// the controller's stays its, and what had fallen back without one stays so; see begin.
func (k *Keeper) boot(ctx context.Context, w *wish) error {
	if err := k.take(ctx); err != nil {
		return err
	}
	defer func() { <-k.turn }()
	guests := k.guests(ctx, w)
	k.mu.Lock()
	k.is.wish, k.told = w, true
	if k.live != nil { // somebody may have changed what it has
		k.live.forget()
	}
	k.mu.Unlock()
	k.needs(w.needsBridge())
	if err := k.refresh(ctx); err != nil && linkspan.CodeOf(err) != linkspan.Unavailable {
		return errors.Join(guests, err)
	}
	return guests // where br-switch is away it gets its flows when it comes
}

// decides says whether the switch decides itself about VLANs whose hosts are known, by the
// flows that a process before has left.
func (c *channel) decides() bool {
	watched, sdn := false, false
	for _, f := range c.have {
		for i := range f.Instructions.All() {
			if table, ok := i.GotoTable(); ok && f.Table == dispatch.TableDispatch {
				watched = watched || table == dispatch.TableWatched
				sdn = sdn || table == dispatch.TableSDN
			}
		}
	}
	return watched && !sdn
}

// differences returns which flows the bridge does not have as they were written, or has too
// many. What became known a moment ago and is not written yet is no difference.
func (k *Keeper) differences(ctx context.Context) (found []string, err error) {
	k.writing.Lock()
	defer k.writing.Unlock()
	networks := k.networks()
	k.mu.Lock()
	live, told := k.live, k.told
	set := k.flows(networks)
	k.mu.Unlock()
	if !told {
		return nil, nil
	}
	if live == nil && len(set.Flows) == 0 {
		return nil, nil
	}
	if live == nil {
		return nil, errAway
	}
	want := live.wanted(&set)
	err = live.flows(ctx, 0, func(f *openflow.FlowStats) {
		have := flowOf(f)
		is, there := want[have.Key()]
		delete(want, have.Key())
		if !there || is.Instructions.String() != have.Instructions.String() {
			found = append(found, have.String())
		}
	})
	for _, f := range want {
		found = append(found, f.String())
	}
	slices.Sort(found)
	return found, err
}

// Drift says whether somebody has changed flows or bridges by hand.
func (k *Keeper) Drift(ctx context.Context, _ *tree.Tree) ([]config.Drift, error) {
	found, err := k.differences(ctx)
	if linkspan.CodeOf(err) == linkspan.Unavailable {
		return []config.Drift{{Path: []string{"control", "mode"}, Want: "its flows", Have: ""}}, nil
	}
	var all []config.Drift
	for _, f := range found {
		all = append(all, config.Drift{Path: []string{"control", "mode"}, Want: "as the hosts that are known need it", Have: f})
	}
	return all, err
}
