// SPDX-License-Identifier: Apache-2.0

package stats

import (
	"fmt"
	"math"
)

// RatioOfMeans returns the mean of a over the mean of b, from pairs that were
// measured together: a[i] with b[i], any of which may be negative, as
// differences of two measurements may. The interval is Fieller's (1954). Where
// b cannot be told from 0 there is none, which is an error, as are fewer than
// two pairs and unequal lengths.
func RatioOfMeans(a, b []float64) (Ratio, error) {
	if len(a) != len(b) || len(a) < 2 {
		return Ratio{}, fmt.Errorf("ratio of %d and %d numbers: two pairs or more are needed", len(a), len(b))
	}
	n := float64(len(a))
	var ma, mb float64
	for i := range a {
		ma += a[i] / n
		mb += b[i] / n
	}
	var aa, bb, ab float64 // variances and covariance of the means
	for i := range a {
		da, db := a[i]-ma, b[i]-mb
		aa += da * da / (n - 1) / n
		bb += db * db / (n - 1) / n
		ab += da * db / (n - 1) / n
	}
	t := student(len(a) - 1)
	// The bounds r satisfy (ma - r mb)^2 = t^2 (aa - 2 r ab + r^2 bb).
	square, middle, rest := mb*mb-t*t*bb, ma*mb-t*t*ab, ma*ma-t*t*aa
	if square <= 0 {
		return Ratio{}, fmt.Errorf("the denominator, %.3g on average, cannot be told from 0 by %d pairs", mb, len(a))
	}
	half := math.Sqrt(max(0, middle*middle-square*rest))
	return Ratio{ma / mb, (middle - half) / square, (middle + half) / square, len(a)}, nil
}
