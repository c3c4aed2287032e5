// SPDX-License-Identifier: Apache-2.0

// Overlay measures what a network of linkspan-overlay costs beside the kernel's
// VXLAN alone: TCP throughput, round trips and new connections between two
// containers of such a network on two hosts, and between two network namespaces
// on the same hosts that a bridge and a vxlan link on each host join, and the same
// with two containers that have the rules for names that Docker writes into the
// namespace of each one that is in a network, whatever its driver, and with two
// that have ours as well, as the first two have. Forwarding entries and neighbours
// are written beforehand, the port is the same, MTU and offloads are. It needs
// root, and makes and removes a lab of its own.
//
//	bench/run overlay -pairs 20
//
// How it measures is package pairs.
package main
