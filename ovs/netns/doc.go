// SPDX-License-Identifier: Apache-2.0

// Package netns makes the links that join a container to the bridge, and works
// in network namespaces, by netlink alone: veth pairs with their offloads and
// sysctls, a list of them for reconciliation, the shield that keeps the
// host's own stack from answering on them, and a Sandbox to reach into another
// namespace. It knows no bridge (package ovs) and no container.
//
//	host, peer := netns.Names(endpointID)
//	err := netns.CreateVeth(ctx, netns.Veth{Host: host, Peer: peer, MAC: mac, MTU: 1450})
//	// dockerd moves peer into the container; the host end becomes a port
//	err = netns.DeleteVeth(ctx, host)
//
// Functions without a Sandbox act in the network namespace of the process.
package netns
