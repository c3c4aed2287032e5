// SPDX-License-Identifier: Apache-2.0

// Forward measures what the pipeline costs beside two static flows: TCP
// throughput, round trips and new connections between two containers of a
// Linkspan network, and between two that a bridge without any pipeline joins by
// a flow each way: by port, and by address. All bridges are in the same
// ovs-vswitchd; the containers, their links and their offloads are alike. Between two hosts both take a kernel
// vxlan device. It needs root, and makes and removes a lab of its own.
//
//	bench/run forward -pairs 20
//
// How it measures is package pairs.
package main
