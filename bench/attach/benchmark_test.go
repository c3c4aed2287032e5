// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"slices"
	"testing"
	"time"
)

// Both subjects cost 100 less than what is measured; one has twice the rest.
func TestWithoutANetworkIsTakenOff(t *testing.T) {
	cost := map[string]time.Duration{none: 100 * time.Millisecond, bridge: 180 * time.Millisecond, linkspan: 140 * time.Millisecond}
	var order []string
	m := measure{
		steps: []step{{"Run", "about"}}, subjects: subjects(), pairs: 3, runs: 1,
		do: func(_ context.Context, network string) ([]time.Duration, error) {
			order = append(order, network)
			return []time.Duration{cost[network] + time.Duration(len(order))*time.Microsecond}, nil
		},
	}
	cells, facts, err := m.take(t.Context())
	if err != nil || len(cells) != 1 || len(facts) != 0 {
		t.Fatalf("got %v, %v, %v", cells, facts, err)
	}
	forth, back := []string{none, bridge, linkspan}, []string{linkspan, bridge, none}
	if want := slices.Concat(forth, forth, back, forth); !slices.Equal(order, want) {
		t.Errorf("measured in the order %v, want %v", order, want)
	}
	if r := cells[0].Ratios[0]; r.Mean < 0.49 || r.Mean > 0.51 || r.Low > 0.5 || r.High < 0.5 {
		t.Errorf("the ratio is %s, want 0.5", r)
	}
	if n := len(cells[0].Rows); n != 5 {
		t.Errorf("%d rows, want the three subjects and two differences", n)
	}
}
