// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"slices"
	"testing"

	"github.com/linkspan/linkspan"
)

func TestPathsGoWithTheirChassis(t *testing.T) {
	s := open(t)
	prove := func(p linkspan.Paths) linkspan.Paths { return p.Set(2, true) }
	old, now, err := s.UpdatePaths(t.Context(), 1, prove)
	if err != nil || old.Proved(2) || !now.Proved(2) || now.From != 1 {
		t.Fatalf("%v, %v, %v", old, now, err)
	}
	if old, now, err = s.UpdatePaths(t.Context(), 1, prove); err != nil || !old.Proved(2) || !now.Proved(2) {
		t.Fatalf("the second time: %v, %v, %v", old, now, err)
	}
	c, err := s.Chassis(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveChassis(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	_, _, err = s.UpdatePaths(t.Context(), 1, prove)
	wantCode(t, err, linkspan.NotFound)
	if all := followed(t, s); slices.ContainsFunc(all, func(c Change) bool { return c.Paths != nil }) {
		t.Error("paths of a removed chassis stay")
	}
}

func TestClearances(t *testing.T) {
	s := open(t)
	c := linkspan.ClearanceOf("ber", "ams")
	c.Creator = "ada"
	for i := range 2 {
		if created, err := s.PutClearance(t.Context(), c); err != nil || created != (i == 0) {
			t.Fatalf("created is %t, %v", created, err)
		}
	}
	_, err := s.PutClearance(t.Context(), linkspan.Clearance{A: "b", B: "a"})
	wantCode(t, err, linkspan.Invalid)
	all, err := s.Clearances(t.Context())
	if err != nil || len(all) != 1 || all[0].A != "ams" || all[0].Creator != "ada" || all[0].Granted.IsZero() {
		t.Fatalf("%v, %v", all, err)
	}
	if !slices.ContainsFunc(followed(t, s), func(c Change) bool { return c.Clearance != nil && c.Clearance.B == "ber" }) {
		t.Error("who follows does not hear of it")
	}
	for i := range 2 {
		if removed, err := s.RemoveClearance(t.Context(), "ber", "ams"); err != nil || removed != (i == 0) {
			t.Fatalf("removed is %t, %v", removed, err)
		}
	}
}

// followed returns all there is for one who begins to follow.
func followed(t *testing.T, s *Store) (all []Change) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	_ = s.Follow(ctx, func(changes []Change, _ uint64) { // ends with ctx
		all = changes
		cancel()
	}, func([]Change, uint64) {})
	return all
}
