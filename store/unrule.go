// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// Of one transaction that takes something out of groups and links: the operations,
// with room for the record that goes itself, and the bytes of what they write.
const (
	maxUnruling      = kv.MaxTxn - 12
	maxUnrulingBytes = kv.MaxValue / 2
)

// unruling takes a network or a chassis out of groups and links in the transaction
// that removes its record: what was said about it ends when it goes, not before, and
// nothing is left over.
type unruling struct {
	groups func(*linkspan.Group) (linkspan.Group, bool) // what is left of a group, and whether that is less; nil: all stay
	goes   func(linkspan.LinkEnd) bool                  // whether an end of a link goes
	last   []kv.Op                                      // that remove the record
	holds  func(context.Context) ([]kv.Cond, error)     // the conditions of all that is written; nil: none
}

// unrule does so. What is more than one transaction can do is done before, links
// that deny last of all; begun then says that something was, and the removal must be
// gone through with.
func (s *Store) unrule(ctx context.Context, op string, u *unruling) (begun bool, err error) {
	for done := false; !done; {
		err := s.ruling(ctx, op, func(rule ruling) error {
			conds := []kv.Cond{rule.cond}
			if u.holds != nil {
				more, err := u.holds(ctx)
				if err != nil {
					return err
				}
				conds = append(conds, more...)
			}
			ops, err := s.unrules(ctx, u)
			if err != nil {
				return err
			}
			now := first(ops)
			done = now == len(ops)
			ops = ops[:now]
			if done {
				ops = append(ops, u.last...)
			} else {
				begun = true // even an error may come of one that happened
			}
			_, err = s.kv.Txn(ctx, kv.Txn{If: conds, Then: append(ops, rule.op)})
			return err
		})
		if err != nil {
			return begun, err
		}
	}
	return begun, nil
}

// unrules lists what is to be done to groups and links: groups, then links that
// allow, then those that deny.
func (s *Store) unrules(ctx context.Context, u *unruling) (ops []kv.Op, err error) {
	if u.groups != nil {
		all, err := s.Groups(ctx)
		if err != nil {
			return nil, err
		}
		for i := range all {
			if g, less := u.groups(&all[i]); less {
				ops = append(ops, put(groupKey(g.Name), g))
			}
		}
	}
	links, err := s.Links(ctx)
	if err != nil {
		return nil, err
	}
	var denying []kv.Op
	for i := range links {
		l := &links[i]
		switch {
		case !u.goes(l.A) && !u.goes(l.B):
		case l.Verdict == linkspan.LinkDeny:
			denying = append(denying, kv.Delete(linkKey(l)))
		default:
			ops = append(ops, kv.Delete(linkKey(l)))
		}
	}
	return slices.Concat(ops, denying), nil
}

// first returns how many operations one transaction takes, at least one.
func first(ops []kv.Op) (n int) {
	size := 0
	for n < min(len(ops), maxUnruling) {
		if size += len(ops[n].Key) + len(ops[n].Value); n > 0 && size > maxUnrulingBytes {
			break
		}
		n++
	}
	return n
}
