// SPDX-License-Identifier: Apache-2.0

// Package shape holds a container to its bandwidth where the container cannot
// reach: on the host, before any bridge. Between the container's veth and the
// link that becomes a bridge's port it puts a second veth, and hands every frame
// from one to the other by traffic control:
//
//	container | host                                    | bridge
//	   eth0 <---> inner <== redirected, by rates ==> middle <---> port
//
// What the container sends waits in a token bucket (tc-tbf(8)) at the middle,
// what it receives in one at the inner end. They are queues, so that TCP sees a
// slower link and not losses. All of it is the kernel's: it goes on while every
// process of ours and of Open vSwitch is away, costs no bridge any frame that is
// too much, and goes with its veths.
//
//	veth := netns.Veth{Host: port, Peer: peer, MAC: mac, MTU: 1450}
//	err := shape.Create(ctx, veth, linkspan.Limits{Egress: 50 * linkspan.Megabit})
//	// peer goes into a container, port becomes a port of a bridge
//	err = shape.Delete(ctx, port)
//
// It knows no bridge and no container, and whose limits they are. It acts in the
// network namespace of the process; the port may be moved away.
package shape
