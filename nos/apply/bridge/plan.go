// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs"
)

// patienceRow is how much longer ovs-vswitchd may take for each row of a change.
const patienceRow = 100 * time.Millisecond

// plan is a change of the rows of a scope.
type plan struct {
	part     *Part
	scope    scope
	unknown  bool // from an unknown host
	prepared bool // what is wanted was held against what there is
	want     rows
	had      *found        // before Apply
	same     bool          // what was there before was as wanted
	left     tree.Problems // what cannot be
	steps    []string
}

var _ config.Plan = (*plan)(nil)

// prepare takes what cannot be out of what is wanted.
func (p *plan) prepare(have *found) {
	if !p.prepared {
		p.prepared = true
		p.part.address(p.want, have)
		p.left = append(p.left, p.part.conflicts(p.want, have, !p.unknown)...)
		p.steps = steps(differences(p.want, have.rows))
	}
}

// Steps returns what differs, row by row.
func (p *plan) Steps() []string { return p.steps }

// Apply makes the rows so, in one transaction.
func (p *plan) Apply(ctx context.Context) error {
	if p.scope.none() {
		return nil
	}
	err := p.change(ctx, func(have *found) rows {
		if p.had == nil { // not after a lost connection, when it may be done already
			p.had = have
		}
		p.prepare(have)
		p.same = have == p.had && len(differences(p.want, have.rows)) == 0
		return p.want
	})
	if p.unknown {
		if err == nil {
			err = p.faulty(ctx)
		}
		return errors.Join(p.left.Err(), err)
	}
	if err != nil && p.had != nil {
		return config.Undone(err, p.Undo(context.WithoutCancel(ctx)))
	}
	return err
}

// Undo makes the rows as they were. An ovs-vswitchd that does not answer finds them so
// when it does again.
func (p *plan) Undo(ctx context.Context) error {
	if p.had == nil {
		return nil
	}
	err := p.change(ctx, func(*found) rows { return p.had.rows })
	if err == nil {
		return nil
	}
	have, again := p.part.look(ctx, p.scope, p.had.rows, p.part.Wait)
	if again == nil && len(differences(p.had.rows, have.rows)) == 0 {
		return nil
	}
	return err
}

// change brings the scope to the rows that want returns.
func (p *plan) change(ctx context.Context, want func(have *found) rows) error {
	if p.unknown { // it will be tried again
		if err := p.part.there(ctx, p.part.Wait); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, p.part.patience(p.want))
	defer cancel()
	err := p.part.Switch.Change(ctx, func(ctx context.Context, db ovs.Rows) ([]ovsdb.Operation, error) {
		have, err := read(ctx, db, p.scope, namesOf(p.scope, p.want))
		if err != nil {
			return nil, err
		}
		return operations(have, want(have)), nil
	})
	if err != nil {
		return fmt.Errorf("bridge %s: %w", Name, err)
	}
	return nil
}

// Verify reads the rows back, and what ovs-vswitchd says of devices that are new.
func (p *plan) Verify(ctx context.Context) error {
	if p.scope.none() || p.same { // then Apply has read it, and done nothing
		return nil
	}
	have, err := p.part.look(ctx, p.scope, p.want, p.part.Wait)
	if err != nil {
		return err
	}
	if apart := steps(differences(p.want, have.rows)); len(apart) > 0 {
		return &linkspan.Error{
			Code: linkspan.Conflict, Message: fmt.Sprintf("somebody else changed %s: to be done again are %d things, first: %s", Name, len(apart), apart[0]),
		}
	}
	if p.unknown {
		return nil // Apply told what does not work
	}
	return p.faults(have, p.had).Err()
}

// faulty returns what ovs-vswitchd cannot use of all devices.
func (p *plan) faulty(ctx context.Context) error {
	if p.same {
		return p.faults(p.had, nil).Err()
	}
	have, err := p.part.look(ctx, p.scope, p.want, p.part.Wait)
	if err != nil {
		return err
	}
	return p.faults(have, nil).Err()
}

// faults returns what ovs-vswitchd says is wrong with devices, but for those that were
// there before.
func (p *plan) faults(have, before *found) tree.Problems {
	var all tree.Problems
	for _, r := range p.want.of(tableInterface) {
		fault := have.faults[r.name]
		if fault == "" || before != nil && before.rows[r.id] != nil || len(all) == tree.MaxProblems {
			continue
		}
		all = append(all, &tree.Problem{Path: r.path, Word: len(r.path) - 1, Message: fault})
	}
	return all
}
