// SPDX-License-Identifier: Apache-2.0

package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/linkspan/linkspan/bench/stats"
)

func TestRatioOfMeansWithoutSpread(t *testing.T) {
	r, err := stats.RatioOfMeans([]float64{30, 30, 30}, []float64{60, 60, 60})
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []float64{r.Mean, r.Low, r.High} {
		if math.Abs(got-0.5) > 1e-9 {
			t.Fatalf("30 over 60 is %s", r)
		}
	}
}

// Of many samples about one in twenty must miss the true ratio.
func TestRatioOfMeansCoversTheTruth(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const samples, pairs = 2000, 20
	missed := 0
	for range samples {
		a, b := make([]float64, pairs), make([]float64, pairs)
		for i := range a {
			both := random.NormFloat64() * 10 // what disturbs one pair
			a[i], b[i] = 40+both+random.NormFloat64()*20, 80+both+random.NormFloat64()*20
		}
		r, err := stats.RatioOfMeans(a, b)
		if err != nil {
			t.Fatal(err)
		}
		if r.Low > 0.5 || r.High < 0.5 {
			missed++
		}
	}
	if share := float64(missed) / samples; share < 0.03 || share > 0.07 {
		t.Fatalf("%.3f of the intervals miss the true ratio, want 0.05", share)
	}
}

func TestRatioOfMeansRefuses(t *testing.T) {
	for name, pairs := range map[string][2][]float64{
		"one pair":               {{1}, {1}},
		"unequal lengths":        {{1, 2}, {1}},
		"nothing to compare to":  {{1, 2, 3}, {-1, 0, 1}},
		"lost in the noise":      {{1, 2, 3}, {-9, 1, 10}},
		"nothing and everything": {nil, nil},
	} {
		if r, err := stats.RatioOfMeans(pairs[0], pairs[1]); err == nil {
			t.Errorf("%s: got %s", name, r)
		}
	}
}
