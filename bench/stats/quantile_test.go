// SPDX-License-Identifier: Apache-2.0

package stats_test

import (
	"testing"

	"github.com/linkspan/linkspan/bench/stats"
)

func TestQuantile(t *testing.T) {
	x := []int{5, 1, 4, 2, 3}
	for q, want := range map[float64]int{0: 1, 0.2: 1, 0.21: 2, 0.5: 3, 0.95: 5, 1: 5} {
		if got := stats.Quantile(x, q); got != want {
			t.Errorf("%v: %d, want %d", q, got, want)
		}
	}
	if got := stats.Quantile([]int{}, 0.5); got != 0 {
		t.Errorf("of nothing: %d", got)
	}
}
