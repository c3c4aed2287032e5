// SPDX-License-Identifier: Apache-2.0

package view

import "reflect"

// same says whether two records are equal in every field, also in those that
// later versions add. Two that only write the same moment in different ways
// count as different, which costs a decision or two and harms nothing.
func same[R any](a, b *R) bool {
	return a != nil && b != nil && reflect.DeepEqual(a, b)
}
