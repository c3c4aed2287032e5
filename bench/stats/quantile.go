// SPDX-License-Identifier: Apache-2.0

package stats

import (
	"cmp"
	"math"
	"slices"
)

// Quantile returns the least of x that the share q of them, 0 to 1, does not exceed; 0
// when x is empty. x stays as it is.
func Quantile[T cmp.Ordered](x []T, q float64) (v T) {
	if len(x) == 0 {
		return v
	}
	s := slices.Sorted(slices.Values(x))
	rank := int(math.Ceil(q * float64(len(s))))
	return s[min(max(rank, 1), len(s))-1]
}
