// SPDX-License-Identifier: Apache-2.0

package stats_test

import (
	"math"
	"testing"

	"github.com/linkspan/linkspan/bench/stats"
)

func TestGrowth(t *testing.T) {
	x := []float64{10, 100, 300, 1000}
	for _, k := range []float64{0, 0.5, 1, 2} {
		y := make([]float64, len(x))
		for i := range x {
			y[i] = 3 * math.Pow(x[i], k)
		}
		got, err := stats.Growth(x, y)
		if err != nil || math.Abs(got-k) > 1e-9 {
			t.Errorf("3 x^%g grows with %g, %v", k, got, err)
		}
	}
	for _, bad := range [][2][]float64{{{1}, {1}}, {{1, 2}, {1}}, {{1, 2}, {0, 1}}, {{2, 2}, {1, 3}}} {
		if k, err := stats.Growth(bad[0], bad[1]); err == nil {
			t.Errorf("%v over %v grows with %g", bad[1], bad[0], k)
		}
	}
}
