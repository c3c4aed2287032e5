// SPDX-License-Identifier: Apache-2.0

// Overlay measures what a network of linkspan-overlay costs beside the kernel's
// VXLAN alone: TCP throughput, round trips and new connections between two
// sandboxes of such a network on two hosts, and between two network namespaces on
// the same hosts that a bridge and a vxlan link on each host join. Likewise between
// two containers of the network, and between containers that the kernel alone joins:
// without any rule in their namespaces, with the rules for names that Docker writes
// into that of each container that is in a network, whatever its driver, and with
// ours as well, as the first have. Forwarding entries and neighbours are written
// beforehand, the port is the same, MTU and offloads are. It needs root, and makes
// and removes a lab of its own.
//
//	bench/run overlay -pairs 20
//
// How it measures is package pairs.
package main
