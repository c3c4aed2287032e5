// SPDX-License-Identifier: Apache-2.0

package stats

import (
	"fmt"
	"math"
	"slices"
)

// Ratio is how many times greater one thing is than another.
type Ratio struct {
	Mean  float64 `json:"mean"`  // geometric, over the pairs
	Low   float64 `json:"low"`   // of the 95 % confidence interval
	High  float64 `json:"high"`  // of the 95 % confidence interval
	Pairs int     `json:"pairs"` // measured
}

// RatioOf returns a over b from pairs that were measured together: a[i] with
// b[i]. The interval is Student's, on the logarithms of the pairs' ratios, which
// makes it the same for a/b and b/a. Fewer than two pairs, unequal lengths and
// numbers that are not positive are errors.
func RatioOf(a, b []float64) (Ratio, error) {
	if len(a) != len(b) || len(a) < 2 {
		return Ratio{}, fmt.Errorf("ratio of %d and %d numbers: two pairs or more are needed", len(a), len(b))
	}
	logs := make([]float64, len(a))
	for i := range a {
		if a[i] <= 0 || b[i] <= 0 {
			return Ratio{}, fmt.Errorf("ratio of %g and %g: only positive numbers have one", a[i], b[i])
		}
		logs[i] = math.Log(a[i] / b[i])
	}
	mean, half := interval(logs)
	return Ratio{math.Exp(mean), math.Exp(mean - half), math.Exp(mean + half), len(a)}, nil
}

// String returns "1.50 [1.40, 1.61]".
func (r Ratio) String() string { return fmt.Sprintf("%.3g [%.3g, %.3g]", r.Mean, r.Low, r.High) }

// interval returns the mean and half the width of its 95 % interval.
func interval(x []float64) (mean, half float64) {
	n := float64(len(x))
	for _, v := range x {
		mean += v / n
	}
	var squares float64
	for _, v := range x {
		squares += (v - mean) * (v - mean)
	}
	deviation := math.Sqrt(squares / (n - 1))
	return mean, student(len(x)-1) * deviation / math.Sqrt(n)
}

// student returns the 97.5 % quantile of Student's t for so many degrees of
// freedom, within 0.1 % (Cornish and Fisher's expansion from 7 on).
func student(freedom int) float64 {
	exact := [...]float64{0, 12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469}
	if freedom < len(exact) {
		return exact[freedom]
	}
	const z = 1.959964
	v := float64(freedom)
	z3, z5, z7 := z*z*z, z*z*z*z*z, z*z*z*z*z*z*z
	return z + (z3+z)/(4*v) + (5*z5+16*z3+3*z)/(96*v*v) + (3*z7+19*z5+17*z3-15*z)/(384*v*v*v)
}

// Median returns the middle of x, which stays as it is; 0 when x is empty.
func Median(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(x))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}
