// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"context"
	"errors"
	"time"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"github.com/linkspan/linkspan"
)

// gate is how long the next transaction waits for ovs-vswitchd to realise the
// one before, collecting callers meanwhile. ovs-vswitchd takes some 20 ms for
// a reconfiguration whatever its size, so a shorter gate gains nothing.
const gate = 100 * time.Millisecond

// maxChanges bounds one transaction.
const maxChanges = 256

// change is what one caller wants of the bridge's ports.
type change struct {
	add  []Port
	del  []string
	over <-chan struct{} // closed when the caller has gone
	done chan outcome    // room for one
}

// outcome tells a caller what became of its change.
type outcome struct {
	cfg     int             // the configuration that has it; 0 when none has
	created map[string]bool // ports that were not there before
	err     error           // of the ports that could not be
}

func (s *Switch) submit(ctx context.Context, c *change) (outcome, error) {
	c.over, c.done = ctx.Done(), make(chan outcome, 1)
	select {
	case s.changes <- c:
	case <-s.closed:
		return outcome{}, errClosed
	case <-ctx.Done():
		return outcome{}, away("the Open vSwitch database has not taken the change", ctx.Err())
	}
	select {
	case out := <-c.done:
		return out, nil
	case <-ctx.Done():
		return outcome{}, away("the Open vSwitch database has not answered", ctx.Err())
	}
}

// write is the only writer of ports: it takes all changes that wait and makes
// one transaction of them.
func (s *Switch) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case c := <-s.changes:
			s.flush(ctx, s.gather(c))
		}
	}
}

func (s *Switch) gather(first *change) []*change {
	batch := []*change{first}
	for len(batch) < maxChanges {
		select {
		case c := <-s.changes:
			batch = append(batch, c)
		default:
			return batch
		}
	}
	return batch
}

func (s *Switch) flush(ctx context.Context, batch []*change) {
	cfg, err := s.apply(ctx, batch)
	if err != nil && len(batch) > 1 {
		for _, c := range batch { // one that cannot be must not take the others with it
			s.flush(ctx, []*change{c})
		}
		return
	}
	if err != nil {
		batch[0].reply(outcome{err: err})
		return
	}
	gctx, cancel := context.WithTimeout(ctx, gate)
	defer cancel()
	_ = s.realised(gctx, cfg, nil) // its callers wait for themselves; this only paces
}

// apply sends the batch and answers its callers unless it returns an error.
func (s *Switch) apply(ctx context.Context, batch []*change) (cfg int, err error) {
	const attempts = 3 // a foreign writer may take a name between our look and our write
	for range attempts {
		var outs []outcome
		err = s.with(ctx, func(ctx context.Context, live *session) error {
			ops, o, err := s.compose(ctx, live, batch)
			if err != nil {
				return err
			}
			outs = o
			cfg, err = live.commit(ctx, ops)
			return err
		})
		if err == nil {
			for i, c := range batch {
				outs[i].cfg = cfg
				c.reply(outs[i])
			}
			return cfg, nil
		}
		var taken *ovsdb.ConstraintViolation
		if !errors.As(err, &taken) {
			return 0, err
		}
	}
	return 0, &linkspan.Error{Code: linkspan.Conflict, Message: "a name is taken in the Open vSwitch database", Err: err}
}

func (c *change) reply(out outcome) { c.done <- out }

func (c *change) abandoned() bool {
	select {
	case <-c.over:
		return true
	default:
		return false
	}
}

// named returns the names of the ports that the batch is about.
func named(batch []*change) []string {
	var names []string
	for _, c := range batch {
		names = append(names, c.del...)
		for _, p := range c.add {
			names = append(names, p.Name)
		}
	}
	return names
}

// compose turns the batch into operations, in order: a name that is added and
// removed in one batch ends as its last change says.
func (s *Switch) compose(ctx context.Context, live *session, batch []*change) ([]ovsdb.Operation, []outcome, error) {
	reg, err := live.registryOf(ctx, s.cfg.Bridge, named(batch))
	if err != nil {
		return nil, nil, err
	}
	plan := newPlan(reg)
	outs := make([]outcome, len(batch))
	for i, c := range batch {
		if c.abandoned() {
			continue
		}
		outs[i].created = make(map[string]bool, len(c.add))
		for _, p := range c.add {
			fresh, err := plan.add(p)
			if err != nil {
				outs[i].err = errors.Join(outs[i].err, err)
			}
			if fresh {
				outs[i].created[p.Name] = true
			}
		}
		for _, name := range c.del {
			plan.remove(name)
		}
	}
	ops, err := plan.operations(live)
	return ops, outs, err
}
