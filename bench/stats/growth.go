// SPDX-License-Identifier: Apache-2.0

package stats

import (
	"fmt"
	"math"
)

// Growth returns the exponent k of y ~ x^k that fits best, by least squares on
// the logarithms: 0 for what does not grow, 1 for what grows as x does. Fewer
// than two points, unequal lengths, numbers that are not positive and points of
// one x only are errors.
func Growth(x, y []float64) (float64, error) {
	if len(x) != len(y) || len(x) < 2 {
		return 0, fmt.Errorf("growth of %d over %d numbers: two points or more are needed", len(y), len(x))
	}
	var mx, my, xx, xy float64
	for i := range x {
		if x[i] <= 0 || y[i] <= 0 {
			return 0, fmt.Errorf("growth of %g over %g: only positive numbers have one", y[i], x[i])
		}
		mx += math.Log(x[i]) / float64(len(x))
		my += math.Log(y[i]) / float64(len(x))
	}
	for i := range x {
		dx := math.Log(x[i]) - mx
		xx += dx * dx
		xy += dx * (math.Log(y[i]) - my)
	}
	if xx == 0 {
		return 0, fmt.Errorf("growth over a single %g", x[0])
	}
	return xy / xx, nil
}
