// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"slices"
	"testing"
	"time"

	"github.com/linkspan/linkspan/store"
	"github.com/linkspan/linkspan/trust"
)

// TestSweep: what has expired goes, what may still be asked for stays.
func TestSweep(t *testing.T) {
	h := build(t)
	revocations, tokens := store.Revocations[trust.Revocation](h.store), store.Tokens[trust.TokenRecord](h.store)
	now := time.Now()
	for name, end := range map[string]time.Time{"over": now.Add(-time.Hour), "on": now.Add(time.Hour), "endless": {}} {
		if err := revocations.Put(t.Context(), name, trust.Revocation{Name: name, Expires: end}); err != nil {
			t.Fatal(err)
		}
	}
	for id, end := range map[string]time.Time{"old": now.Add(-40 * 24 * time.Hour), "late": now.Add(-time.Hour), "good": now.Add(time.Hour), "endless": {}} {
		if err := tokens.Put(t.Context(), id, trust.TokenRecord{CreatedBy: trust.Identity{Kind: trust.KindUser, Name: id, Role: trust.RoleAdmin}, Expires: end}); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.server.SweepNow(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left []string
	kept, err := revocations.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range kept {
		left = append(left, r.Name)
	}
	records, err := tokens.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		left = append(left, r.CreatedBy.Name)
	}
	slices.Sort(left)
	if want := []string{"endless", "endless", "good", "late", "on"}; !slices.Equal(left, want) {
		t.Errorf("left: %v, want %v", left, want)
	}
}
