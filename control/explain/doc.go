// SPDX-License-Identifier: Apache-2.0

// Package explain says why packets from one end to another pass or do not, and what
// would have to be typed so that they do. It decides nothing itself: each answer is
// that of control/decide, taken apart for people, and each remedy was tried on a View
// in which it had been typed. It does no I/O and keeps no state.
//
//	q := explain.Question{From: explain.At(web), To: explain.At(db), Protocol: 6, Port: 5432}
//	a := explain.Ask(v, q)
//	if a.Verdict == explain.Denied {
//		for _, r := range explain.Remedies(v, q, explain.Fit{}) { fmt.Println(r.Commands) }
//	}
//
// Containers in networks of other drivers may be asked about, too: of them it says who
// decides instead.
package explain
