// SPDX-License-Identifier: Apache-2.0

// Package fastpath chooses how packets get through the local Open vSwitch:
// by the kernel's datapath where there is one, else by the userspace datapath
// with or without TCP segmentation offload ("userspace TSO"), and says why and
// what the host lacks for better. Containers' offloads follow the choice.
//
// Three things about userspace TSO (measured with Open vSwitch 3.1) shape it.
// With it, TCP is about ten times as fast. Setting it in the database while
// ovs-vswitchd has ports stops all packets on them until ovs-vswitchd is
// started anew: its code looks at the setting at once, while the sockets of its
// ports were opened for the other way. And the tunnel ports of Open vSwitch
// itself drop what comes from a container with offloads. So it is set only
// while nothing uses Open vSwitch; else a person is told what to type. Whether
// it is in force is read from the sockets, not from the database.
//
// Decide is pure. The package makes no bridge and no link, and it never starts
// or stops ovs-vswitchd.
//
//	choice := fastpath.Decide(fastpath.Auto, facts)
//	if choice.Set {
//		err = sw.SetUserspaceTSO(ctx, true) // before the bridge is made
//	}
//	...
//	err = fastpath.Await(ctx, watch, choice.InForce) // returns when that changes
package fastpath
