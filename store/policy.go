// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// PolicyOutcome is what became of a policy that was applied.
type PolicyOutcome uint8

// The outcomes.
const (
	PolicyCreated PolicyOutcome = iota + 1
	PolicyChanged
	PolicyUnchanged // it was there just so
)

// ApplyPolicies stores policies under their names, all or none of them, in one
// transaction; it numbers those that are new. check is asked before, with all that
// are stored by then, and may be asked several times; nothing is stored when it
// returns an error. The outcomes are in the order of the policies. What these hold must
// not be changed afterwards.
func (s *Store) ApplyPolicies(ctx context.Context, policies []linkspan.Policy, check func(stored []linkspan.Policy) error) ([]PolicyOutcome, error) {
	seen := make(map[string]bool, len(policies))
	for i := range policies {
		if err := policies[i].Validate(); err != nil {
			return nil, err
		}
		if seen[policies[i].Name] {
			return nil, &linkspan.Error{Code: linkspan.Invalid, Message: "policy " + policies[i].Name + " is there twice", Hint: "give each policy a name of its own"}
		}
		seen[policies[i].Name] = true
	}
	var outcomes []PolicyOutcome
	err := s.updatePolicies(ctx, "apply policies", func(b *policyBook) error {
		if err := check(b.all()); err != nil {
			return err
		}
		outcomes = outcomes[:0]
		for i := range policies {
			outcome, err := b.apply(policies[i], s.now().UTC())
			if err != nil {
				return err
			}
			outcomes = append(outcomes, outcome)
		}
		return nil
	})
	return outcomes, err
}

// RemovePolicy removes the policy of a name and returns it. A missing one has
// code NotFound.
func (s *Store) RemovePolicy(ctx context.Context, name string) (linkspan.Policy, error) {
	var removed linkspan.Policy
	err := s.updatePolicies(ctx, "remove policy "+name, func(b *policyBook) (err error) {
		removed, err = b.remove(name)
		return err
	})
	return removed, err
}

// Policies returns all policies in the order in which they are asked. What they hold
// must not be changed.
func (s *Store) Policies(ctx context.Context) ([]linkspan.Policy, error) {
	b, err := s.readPolicies(ctx)
	if err != nil {
		return nil, err
	}
	all := b.all()
	slices.SortFunc(all, func(x, y linkspan.Policy) int { return linkspan.ComparePolicies(&x, &y) })
	return all, nil
}

// Policy returns the policy of a name or, where there is none, of a number; the
// error has code NotFound. What it holds must not be changed.
func (s *Store) Policy(ctx context.Context, name string) (linkspan.Policy, error) {
	b, err := s.readPolicies(ctx)
	if err != nil {
		return linkspan.Policy{}, err
	}
	p, err := b.find(name)
	if err != nil {
		return linkspan.Policy{}, err
	}
	return *p, nil
}

// updatePolicies changes all policies and writes the pages that then differ. Every
// change of a policy writes the counter, which is the one condition of the transaction:
// of two changes at once the second sees the first.
func (s *Store) updatePolicies(ctx context.Context, op string, change func(*policyBook) error) error {
	err := retry(ctx, op, func() error {
		return s.numbered(ctx, func() error {
			b, err := s.readPolicies(ctx)
			if err != nil {
				return err
			}
			if err := change(b); err != nil {
				return err
			}
			ops := b.ops()
			if len(ops) == 0 {
				return nil
			}
			if len(ops)+2 > kv.MaxTxn {
				return &linkspan.Error{Code: linkspan.Invalid, Message: "these policies are in too many places of the store for one step", Hint: "divide the file"}
			}
			revision, err := s.kv.Txn(ctx, kv.Txn{If: []kv.Cond{b.cond()}, Then: append(ops, kv.Put(policyCounter, strconv.AppendUint(nil, uint64(b.last), 10)))})
			if errors.Is(err, kv.ErrTooLarge) {
				return &linkspan.Error{Code: linkspan.Invalid, Message: "these policies are too many for one step", Hint: "divide the file", Err: err}
			}
			if err == nil {
				s.policies.keep(b.written(revision))
			}
			return err
		})
	})
	return fault(op, err)
}

// readPolicies reads the counter before the pages: if it is the same when they
// are written, they were. As long as it is what it was, nothing else is read; else those
// pages that are not as they were. The book is the caller's to change.
func (s *Store) readPolicies(ctx context.Context) (*policyBook, error) {
	revision, last, err := s.countedPolicies(ctx)
	if err != nil {
		return nil, err
	}
	known := s.policies.known()
	if known != nil && known.revision == revision {
		return known.draft(), nil
	}
	b := newPolicyBook(revision, last)
	entries, _, err := s.kv.List(ctx, policiesPrefix)
	if err != nil {
		return nil, fault("list "+policiesPrefix, err)
	}
	for _, e := range entries {
		page := known.page(e)
		if page == nil {
			if page, err = readPage(e); err != nil {
				return nil, err
			}
		}
		b.add(e.Key, page)
	}
	s.policies.keep(b)
	return b.draft(), nil
}

// countedPolicies returns the last number that was given to a policy and the revision of
// that; both are 0 where none was.
func (s *Store) countedPolicies(ctx context.Context) (revision uint64, last linkspan.PolicyID, err error) {
	counter, err := s.kv.Get(ctx, policyCounter)
	if errors.Is(err, kv.ErrNotFound) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, fault("number a policy", err)
	}
	n, err := strconv.ParseUint(string(counter.Value), 10, 24)
	if err != nil {
		return 0, 0, &linkspan.Error{Code: linkspan.Internal, Op: "number a policy", Err: err}
	}
	return counter.Revision, linkspan.PolicyID(n), nil
}
