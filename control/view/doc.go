// SPDX-License-Identifier: Apache-2.0

// Package view is what the controller knows of the world at one moment: which
// networks, endpoints and chassis there are and who is attached where. A View
// is immutable; applying changes gives another View and costs the size of the
// changes, so that every session may decide on one without a lock while the
// next one is made. It reads no store and keeps no history.
//
//	next, delta := v.Apply(view.PutEndpoint(e), view.RemoveNetwork(7))
//
// A port of a chassis has one endpoint in a View, whatever is stored: of two, the
// one that was reserved later; the other counts as reserved only.
//
// Policies are part of it, found by what endpoints have: AppendRules tells those
// that select a party, Selected whom a change of policies concerns. What they say
// of packets package decide knows.
//
// The records in a View are pointers whose records never change: as long as a
// View holds the pointer that a decision read, the decision stands.
package view
