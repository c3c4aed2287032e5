// SPDX-License-Identifier: Apache-2.0

// Command cold measures what the first packet of a conversation costs: the
// time from sending an echo request between two endpoints that no route joins
// to the answer, less that of the next ones. The pairs are two containers of
// Linkspan on one host and on two, and two ends behind ovs-testcontroller on
// the same Open vSwitch, in turn. Before each first packet the flows of the pair
// are deleted on every host; both directions are missing, the ends' addresses
// are known to each other and to the controllers. It needs root; see
// bench/README.md.
//
//	go run ./bench/cold -pairs 20
package main
