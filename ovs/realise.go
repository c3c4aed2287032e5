// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"context"
	"fmt"
	"time"

	"github.com/ovn-kubernetes/libovsdb/model"
	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"github.com/linkspan/linkspan"
)

// realiseTimeout bounds a wait for ovs-vswitchd whose caller set no deadline.
const realiseTimeout = 30 * time.Second

// recheck is how often a wait looks again without being woken: the library
// drops events when its queue is full.
const recheck = 250 * time.Millisecond

// commit sends ops in one transaction and returns the configuration number
// that ovs-vswitchd will report in cur_cfg once it has realised them
// (ovs-vswitchd.conf.db(5), next_cfg). The number goes up even when ops is
// empty, so that ovs-vswitchd looks at failed devices again.
func (s *session) commit(ctx context.Context, ops []ovsdb.Operation) (int, error) {
	root, err := s.root(ctx)
	if err != nil {
		return 0, err
	}
	bump, err := s.client.Where(root).Mutate(root,
		model.Mutation{Field: &root.NextCfg, Mutator: ovsdb.MutateOperationAdd, Value: 1})
	if err != nil {
		return 0, fmt.Errorf("next_cfg: %w", err)
	}
	ops = append(ops, bump...)
	ops = append(ops, ovsdb.Operation{Op: ovsdb.OperationSelect, Table: "Open_vSwitch",
		Where: []ovsdb.Condition{}, Columns: []string{"next_cfg"}})
	results, err := s.transact(ctx, ops)
	if err != nil {
		return 0, err
	}
	return nextCfg(results)
}

func nextCfg(results []ovsdb.OperationResult) (int, error) {
	rows := results[len(results)-1].Rows
	if len(rows) != 1 {
		return 0, fmt.Errorf("the database has %d Open_vSwitch rows instead of one", len(rows))
	}
	switch n := rows[0]["next_cfg"].(type) {
	case float64:
		return int(n), nil
	case int:
		return n, nil
	default:
		return 0, fmt.Errorf("next_cfg is %T instead of a number", n)
	}
}

func (s *session) root(ctx context.Context) (*rootRow, error) {
	var rows []*rootRow
	if err := s.client.List(ctx, &rows); err != nil {
		return nil, fmt.Errorf("list Open_vSwitch: %w", err)
	}
	if len(rows) != 1 {
		return nil, &linkspan.Error{Code: linkspan.Unavailable,
			Message: fmt.Sprintf("the database has %d Open_vSwitch rows instead of one", len(rows)),
			Hint:    "start openvswitch-switch once, which initialises the database"}
	}
	return rows[0], nil
}

// realised waits until ovs-vswitchd has taken configuration cfg and settled
// says yes. It follows the database through reconnections.
func (s *Switch) realised(ctx context.Context, cfg int, settled func(context.Context, *session) (bool, error)) error {
	ctx, cancel := limit(ctx, realiseTimeout)
	defer cancel()
	for {
		live, err := s.session(ctx)
		if err != nil {
			return err
		}
		change := live.nextChange() // before looking, or a change in between is missed
		yes := false
		lost, err := live.attempt(ctx, func(ctx context.Context, live *session) (err error) {
			yes, err = live.settled(ctx, cfg, settled)
			return err
		})
		if lost {
			continue
		}
		if yes || err != nil {
			return err
		}
		select {
		case <-change:
		case <-live.gone:
		case <-time.After(recheck):
		case <-ctx.Done():
			return away("ovs-vswitchd has not taken the change", ctx.Err())
		}
	}
}

func (s *session) settled(ctx context.Context, cfg int, also func(context.Context, *session) (bool, error)) (bool, error) {
	root, err := s.root(ctx)
	if err != nil || root.CurCfg < cfg {
		return false, err
	}
	if also == nil {
		return true, nil
	}
	return also(ctx, s)
}

// limit gives ctx a deadline d from now unless it has one.
func limit(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}
