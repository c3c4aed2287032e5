// SPDX-License-Identifier: Apache-2.0

package stats_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan/bench/stats"
)

func TestQuantilesAgreeWithSorting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(0, int64(time.Hour)), 1, 200).Draw(t, "values")
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		var h stats.Histogram
		for _, v := range values {
			h.Record(time.Duration(v))
		}
		slices.Sort(values)
		rank := min(max(int(math.Ceil(q*float64(len(values)))), 1), len(values))
		want := float64(values[rank-1])
		if got := float64(h.Quantile(q)); math.Abs(got-want) > want/64+1 {
			t.Fatalf("quantile %g of %v is %g, want %g", q, values, got, want)
		}
		if h.Max() != time.Duration(values[len(values)-1]) || h.Count() != uint64(len(values)) {
			t.Fatalf("max %d count %d of %v", h.Max(), h.Count(), values)
		}
	})
}

func TestHistogramsAddUp(t *testing.T) {
	var a, b, both stats.Histogram
	for i := range 1000 {
		d := time.Duration(i*i) * time.Microsecond
		both.Record(d)
		if i%3 == 0 {
			a.Record(d)
		} else {
			b.Record(d)
		}
	}
	a.Add(&b)
	if a.Quantile(0.5) != both.Quantile(0.5) || a.Count() != both.Count() || a.Max() != both.Max() {
		t.Fatalf("the sum has median %s, the whole %s", a.Quantile(0.5), both.Quantile(0.5))
	}
	var empty stats.Histogram
	if empty.Quantile(0.5) != 0 || empty.Mean() != 0 {
		t.Fatal("an empty histogram has a median or a mean")
	}
}

func TestRatioOfKnownPairs(t *testing.T) {
	r, err := stats.RatioOf([]float64{20, 22, 18, 20}, []float64{10, 10, 10, 10})
	if err != nil {
		t.Fatal(err)
	}
	// Worked by hand: logs 0.6931 0.7885 0.5878 0.6931, mean 0.6906, deviation
	// 0.08196, t(3) 3.1824, half width 0.13042.
	if math.Abs(r.Mean-1.9950) > 0.001 || math.Abs(r.Low-1.7511) > 0.002 || math.Abs(r.High-2.2729) > 0.002 {
		t.Fatalf("ratio %+v", r)
	}
}

// Of many intervals 95 % must hold the truth: that is what the number says.
func TestIntervalCovers(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, pairs := range []int{3, 8, 20} {
		const trials = 4000
		covered := 0
		for range trials {
			a, b := make([]float64, pairs), make([]float64, pairs)
			for i := range a {
				a[i] = 30 * math.Exp(0.1*random.NormFloat64())
				b[i] = 10 * math.Exp(0.2*random.NormFloat64())
			}
			r, err := stats.RatioOf(a, b)
			if err != nil {
				t.Fatal(err)
			}
			if r.Low <= 3 && 3 <= r.High {
				covered++
			}
		}
		if share := float64(covered) / trials; share < 0.935 || share > 0.965 {
			t.Errorf("with %d pairs %.3f of the intervals hold the ratio", pairs, share)
		}
	}
}

func TestRatioRefuses(t *testing.T) {
	for _, c := range [][2][]float64{{{1}, {1}}, {{1, 2}, {1}}, {{1, 2}, {1, 0}}, {{-1, 2}, {1, 1}}} {
		if _, err := stats.RatioOf(c[0], c[1]); err == nil {
			t.Errorf("ratio of %v and %v gave no error", c[0], c[1])
		}
	}
}

func TestMedian(t *testing.T) {
	if m := stats.Median([]float64{5, 1, 9}); m != 5 {
		t.Errorf("odd: %g", m)
	}
	if m := stats.Median([]float64{4, 1, 9, 2}); m != 3 {
		t.Errorf("even: %g", m)
	}
}
