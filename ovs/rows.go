// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"context"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"
)

// Rows is the database as one connection sees it. It is valid until the
// function that got it returns.
type Rows struct{ live *session }

// Select asks for rows (RFC 7047, section 5.2.2), all in one transaction, and
// returns those of each question.
func (r Rows) Select(ctx context.Context, questions ...ovsdb.Operation) ([][]ovsdb.Row, error) {
	results, err := r.live.transact(ctx, questions)
	if err != nil {
		return nil, err
	}
	rows := make([][]ovsdb.Row, len(questions))
	for i := range rows {
		rows[i] = results[i].Rows
	}
	return rows, nil
}

// Look lets look read rows of any tables: for those who configure more than the
// ports of one bridge. It runs again when the connection was lost under it.
// Errors: Unavailable, or what look returned.
func (s *Switch) Look(ctx context.Context, look func(context.Context, Rows) error) error {
	ctx, cancel := limit(ctx, realiseTimeout)
	defer cancel()
	return s.with(ctx, func(ctx context.Context, live *session) error { return look(ctx, Rows{live}) })
}

// Change does the operations that plan returns in one transaction, and returns when
// ovs-vswitchd has realised them; without operations nothing happens. Plan runs again
// when the connection was lost under it, and must then see for itself what is already
// done. Errors: Unavailable (the change may have been made, or may not be realised), or
// what plan returned; then nothing was changed.
func (s *Switch) Change(ctx context.Context, plan func(context.Context, Rows) ([]ovsdb.Operation, error)) error {
	ctx, cancel := limit(ctx, realiseTimeout)
	defer cancel()
	cfg, tried := 0, false
	err := s.with(ctx, func(ctx context.Context, live *session) error {
		ops, err := plan(ctx, Rows{live})
		if err != nil || len(ops) == 0 && !tried {
			return err
		}
		tried = true // lost after this, it may be done, and then it is still waited for
		cfg, err = live.commit(ctx, ops)
		return err
	})
	if err != nil || cfg == 0 {
		return err
	}
	return s.realised(ctx, cfg, nil)
}

// DatapathType returns the datapath that bridges of this host use: "system"
// where the kernel has Open vSwitch, else "netdev".
func DatapathType() string { return datapathType(kernelDatapath()) }

// Await returns when Open vSwitch is there: the database, and an ovs-vswitchd that takes
// what is in it. Errors: Unavailable when ctx ends or ovs-vswitchd takes too long.
func (s *Switch) Await(ctx context.Context) error {
	cfg := 0
	err := s.with(ctx, func(ctx context.Context, live *session) (err error) {
		cfg, err = live.commit(ctx, nil)
		return err
	})
	if err != nil {
		return err
	}
	return s.realised(ctx, cfg, nil)
}
