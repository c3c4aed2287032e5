// SPDX-License-Identifier: Apache-2.0

// Package sorted is a persistent map from strings to values, in the order that
// people expect of names with numbers in them: eth9 comes before eth10. A change makes
// another map, which shares all but a path of a few nodes with the one before.
//
// It is a treap whose priorities are hashes of the keys, so that the same keys
// always have the same shape: what two maps share is found by comparing
// pointers, and their difference costs what differs. It keeps no order of its
// user's choice.
//
//	m := sorted.Map[int]{}.Set("eth10", 1).Set("eth9", 2)
//	for key, value := range m.All() { ... } // eth9, eth10
package sorted
