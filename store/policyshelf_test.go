// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/memory"
)

// TestKeptPoliciesAreThoseStored: what several controllers that write in turn have kept
// is what one reads that has kept nothing.
func TestKeptPoliciesAreThoseStored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		db := memory.New()
		defer db.Close()
		stores := []*Store{New(db), New(db)}
		for range rapid.IntRange(1, 12).Draw(t, "changes") {
			s := rapid.SampledFrom(stores).Draw(t, "by")
			name := func() string { return fmt.Sprintf("p%d", rapid.IntRange(0, 300).Draw(t, "name")) }
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				_, _ = s.RemovePolicy(t.Context(), name()) // which need not be there
			case 1: // more than a page
				var many []linkspan.Policy
				for i := range rapid.IntRange(1, 200).Draw(t, "many") {
					many = append(many, policyOf(fmt.Sprintf("p%d", i), uint16(i)))
				}
				if _, err := s.ApplyPolicies(t.Context(), many, agree); err != nil {
					t.Fatal(err)
				}
			default:
				p := policyOf(name(), rapid.Uint16().Draw(t, "priority"))
				if _, err := s.ApplyPolicies(t.Context(), []linkspan.Policy{p}, agree); err != nil {
					t.Fatal(err)
				}
			}
			want, err := New(db).Policies(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got, err := rapid.SampledFrom(stores).Draw(t, "read by").Policies(t.Context())
			if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{}), cmpopts.EquateEmpty()); err != nil || diff != "" {
				t.Fatal(err, diff)
			}
		}
	})
}

// TestARefusedDraftLeavesNoTrace: what was to be changed and was not stored is not kept.
func TestARefusedDraftLeavesNoTrace(t *testing.T) {
	s := open(t)
	apply(t, s, policyOf("low", 1), policyOf("high", 9))
	_, err := s.ApplyPolicies(t.Context(), []linkspan.Policy{policyOf("low", 5), policyOf("new", 5)}, func([]linkspan.Policy) error {
		return &linkspan.Error{Code: linkspan.Conflict, Message: "no"}
	})
	wantCode(t, err, linkspan.Conflict)
	ctx, cancel := context.WithCancel(t.Context())
	_, err = s.ApplyPolicies(ctx, []linkspan.Policy{policyOf("high", 7), policyOf("new", 5)}, func([]linkspan.Policy) error {
		cancel()
		return nil
	})
	if err == nil {
		t.Fatal("stored, although nobody waits for it")
	}
	if got := policyNames(t, s); got != "high low" {
		t.Errorf("got %s", got)
	}
	if p, err := s.Policy(t.Context(), "high"); err != nil || p.Priority != 9 {
		t.Errorf("got %+v, %v", p, err)
	}
}

// listing counts how often a store is asked for a list.
type listing struct {
	kv.Store
	lists atomic.Int32
}

func (l *listing) List(ctx context.Context, prefix string) ([]kv.Entry, uint64, error) {
	l.lists.Add(1)
	return l.Store.List(ctx, prefix)
}

// TestKnownPoliciesAreNotRead: whoever changes one policy after the other reads none of
// them, as long as nobody else writes.
func TestKnownPoliciesAreNotRead(t *testing.T) {
	db := &listing{Store: memory.New()}
	defer db.Close()
	s := New(db)
	for i := range 5 {
		apply(t, s, policyOf(fmt.Sprintf("p%d", i), 1))
	}
	if n := db.lists.Load(); n > 1 {
		t.Errorf("read %d times", n)
	}
	apply(t, New(db), policyOf("p2", 2)) // somebody else
	before := db.lists.Load()
	if p, err := s.Policy(t.Context(), "p2"); err != nil || p.Priority != 2 {
		t.Errorf("got %+v, %v", p, err)
	}
	if n := db.lists.Load() - before; n != 1 {
		t.Errorf("after a change of somebody else read %d times", n)
	}
}
