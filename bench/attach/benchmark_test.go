// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
)

// Subjects cost 100 less than what is measured; one has twice the rest of another.
func TestWithoutANetworkIsTakenOff(t *testing.T) {
	cost := map[string]time.Duration{none: 100 * time.Millisecond, bridge: 180 * time.Millisecond, linkspan: 140 * time.Millisecond,
		local: 180 * time.Millisecond, alone: 150 * time.Millisecond}
	var order []string
	m := measure{
		steps: []step{{"Run", "about"}}, subjects: subjects(), pairs: 3, runs: 1,
		do: func(_ context.Context, sub subject) ([]time.Duration, error) {
			order = append(order, sub.network)
			return []time.Duration{cost[sub.network] + time.Duration(len(order))*time.Microsecond}, nil
		},
	}
	cells, facts, err := m.take(t.Context())
	if err != nil || len(cells) != 1 || len(facts) != 1 || !strings.HasPrefix(facts[0], "Run: half") {
		t.Fatalf("got %v, %v, %v", cells, facts, err)
	}
	forth := []string{none, bridge, linkspan, local, alone}
	back := slices.Clone(forth)
	slices.Reverse(back)
	if want := slices.Concat(forth, forth, back, forth); !slices.Equal(order, want) {
		t.Errorf("measured in the order %v, want %v", order, want)
	}
	if r := cells[0].Ratios[0]; r.Mean < 0.49 || r.Mean > 0.51 || r.Low > 0.5 || r.High < 0.5 {
		t.Errorf("the ratio is %s, want 0.5", r)
	}
	if r := cells[0].Ratios[1]; r.Mean < 0.99 || r.Mean > 1.01 {
		t.Errorf("the ratio of linkspan-bridge is %s, want 1", r)
	}
	if n := len(cells[0].Rows); n != 9 {
		t.Errorf("%d rows, want the five subjects and four differences", n)
	}
}
