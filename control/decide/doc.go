// SPDX-License-Identifier: Apache-2.0

// Package decide says what is to become of a packet that a switch sent up. It
// is pure: a View and a packet in, a Decision out; no I/O, no clock, no lock,
// no allocation. It knows nothing of OpenFlow and sends nothing.
//
//	var d decide.Decision
//	decide.Decide(v, &decide.Packet{...}, &d)
//	if d.Verdict == decide.Allow { ... }
//
// A Decision names exactly the records it rests on, also those that were
// missing. Across networks it rests on more than records, and is decided anew to
// see whether it holds. Whoever acts on it derives the match of the flows from them, and
// takes the flows away when one of the records changes.
package decide
