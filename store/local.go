// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// MaxLocalChanges is how many records one call of ChangeLocals may put and
// remove.
const MaxLocalChanges = 48

// Locals are records of the networks of one host and of who is in them.
type Locals struct {
	Networks  []linkspan.LocalNetwork
	Endpoints []linkspan.LocalEndpoint
}

// LocalChange is what ChangeLocals does to the records of one chassis.
type LocalChange struct {
	Put              Locals
	RemovedNetworks  []string // ids; one that is not there is no error
	RemovedEndpoints []string
}

// Len returns how many records are put or removed.
func (c *LocalChange) Len() int {
	return len(c.Put.Networks) + len(c.Put.Endpoints) + len(c.RemovedNetworks) + len(c.RemovedEndpoints)
}

// localReport is the record that stands for all that a chassis has told of its
// own networks: every change writes it, so that of two changes that were made
// from one state of affairs, one is refused.
type localReport struct {
	Chassis linkspan.ChassisID `json:"chassis"`
}

// Locals returns what a chassis has told of its own networks, and the revision that
// a change of it must name; 0: it has told nothing yet.
func (s *Store) Locals(ctx context.Context, id linkspan.ChassisID) (Locals, uint64, error) {
	entries, _, err := s.kv.List(ctx, localsOf(id))
	if err != nil {
		return Locals{}, 0, fault("list the networks of "+chassisWord(id), err)
	}
	var all Locals
	var revision uint64
	for _, e := range entries {
		switch kind, _, _ := strings.Cut(strings.TrimPrefix(e.Key, localsOf(id)), "/"); kind {
		case localReportName:
			revision = e.Revision
		case localNetworksName:
			err = decodeInto(e, &all.Networks)
		case localEndpointsName:
			err = decodeInto(e, &all.Endpoints)
		}
		if err != nil {
			return Locals{}, 0, err
		}
	}
	return all, revision, nil
}

func decodeInto[T any](e kv.Entry, to *[]T) error {
	var record T
	if err := json.Unmarshal(e.Value, &record); err != nil {
		return fmt.Errorf("record %s: %w", e.Key, err)
	}
	*to = append(*to, record)
	return nil
}

// ChangeLocals changes what a chassis has told, all of it or nothing, provided that
// nobody has since revision, which Locals or the last change gave. It returns the
// next one. A change of nothing makes those that are on their way come too late.
// Codes: Conflict when somebody has; Permission for a chassis that was
// removed; Invalid for records that cannot be stored, and for too many.
func (s *Store) ChangeLocals(ctx context.Context, id linkspan.ChassisID, revision uint64, change LocalChange) (uint64, error) {
	if n := change.Len(); n > MaxLocalChanges {
		return 0, &linkspan.Error{
			Code: linkspan.Invalid, Message: fmt.Sprintf("%d changes at once, at most %d are made", n, MaxLocalChanges),
		}
	}
	ops, err := change.ops(id)
	if err != nil {
		return 0, err
	}
	report := localReportKey(id)
	cond := kv.RevisionIs(report, revision)
	if revision == 0 {
		cond = kv.Absent(report)
	}
	now, err := s.kv.Txn(ctx, kv.Txn{
		If:   []kv.Cond{kv.Present(chassisKey(id)), cond},
		Then: append(ops, put(report, localReport{id})),
	})
	if errors.Is(err, kv.ErrConflict) {
		if err := s.member(ctx, id); err != nil {
			return 0, err
		}
		return 0, localConflict()
	}
	return now, fault("store the networks of "+chassisWord(id), err)
}

func localConflict() error {
	return &linkspan.Error{
		Code: linkspan.Conflict, Message: "the networks of this switch were told otherwise meanwhile", Hint: "compare them again",
	}
}

// ops turns the change into operations.
func (c *LocalChange) ops(id linkspan.ChassisID) ([]kv.Op, error) {
	ops := localOps{seen: make(map[string]bool, c.Len())}
	for i := range c.Put.Networks {
		n := &c.Put.Networks[i]
		n.Chassis = id
		key := localNetworkKey(id, n.ID)
		ops.add(key, n.Validate(), func() kv.Op { return put(key, n) })
	}
	for i := range c.Put.Endpoints {
		e := &c.Put.Endpoints[i]
		e.Chassis = id
		key := localEndpointKey(id, e.ID)
		ops.add(key, e.Validate(), func() kv.Op { return put(key, e) })
	}
	for _, gone := range c.RemovedNetworks {
		key := localNetworkKey(id, gone)
		ops.add(key, linkspan.ValidateLocalID("the id of a network", gone), func() kv.Op { return kv.Delete(key) })
	}
	for _, gone := range c.RemovedEndpoints {
		key := localEndpointKey(id, gone)
		ops.add(key, linkspan.ValidateLocalID("the id of an endpoint", gone), func() kv.Op { return kv.Delete(key) })
	}
	return ops.list, ops.err
}

// localOps collects operations on different keys, and the first reason against
// them.
type localOps struct {
	list []kv.Op
	seen map[string]bool
	err  error
}

func (o *localOps) add(key string, bad error, op func() kv.Op) {
	switch {
	case o.err != nil:
	case bad != nil:
		o.err = bad
	case o.seen[key]:
		o.err = &linkspan.Error{Code: linkspan.Invalid, Message: "one record is changed twice at once"}
	default:
		o.seen[key] = true
		o.list = append(o.list, op())
	}
}

// RemoveLocals removes all that a chassis has told. It comes with the chassis's
// own removal: while that is there, it may tell more.
func (s *Store) RemoveLocals(ctx context.Context, id linkspan.ChassisID) error {
	entries, _, err := s.kv.List(ctx, localsOf(id))
	if err != nil {
		return fault("list the networks of "+chassisWord(id), err)
	}
	for len(entries) > 0 {
		some := entries[:min(len(entries), MaxLocalChanges)]
		entries = entries[len(some):]
		txn := kv.Txn{Then: make([]kv.Op, len(some))}
		for i, e := range some {
			txn.Then[i] = kv.Delete(e.Key)
		}
		if _, err := s.kv.Txn(ctx, txn); err != nil {
			return fault("remove the networks of "+chassisWord(id), err)
		}
	}
	return nil
}
