// SPDX-License-Identifier: Apache-2.0

// Package rulebook makes up what those write who run thousands of containers: labels
// of all containers, and policies about these of every kind that there is. What it
// makes up is always the same. It knows a World of its own, so that a benchmark can
// say beforehand what a controller must decide.
//
//	w := &rulebook.World{Networks: networks, Endpoints: endpoints}
//	policies := w.Policies(5000)
//	v := w.View(policies)
//	d := decide.Between(v, a, b)
package rulebook
