// SPDX-License-Identifier: Apache-2.0

// Package decide says what is to become of a packet that a switch sent up. It
// is pure: a View and a packet in, a Decision out; no I/O, no clock, no lock,
// no allocation. It knows nothing of OpenFlow and sends nothing.
//
//	var d decide.Decision
//	decide.Decide(v, &decide.Packet{...}, &d)
//	if d.Verdict == decide.Allow { ... }
//
// What policies say of all packets from one party to another are Rules, which a
// Memo makes and remembers: of a packet the verdict, the policy that decides and
// the class, the widest part of protocol and port that has the same verdict.
//
//	var m decide.Memo // of one goroutine
//	rules := m.Rules(v, view.PartyOf(a), view.PartyOf(b), otherwise)
//	if action, ok := rules.Uniform(); !ok {
//		ruling := rules.Judge(linkspan.ProtocolTCP, 5432)
//	}
//
// A Decision names exactly the records it rests on, also those that were
// missing. Across networks it rests on more than records, and is decided anew to
// see whether it holds. Whoever acts on it derives the match of the flows from them, and
// takes the flows away when one of the records changes.
package decide
