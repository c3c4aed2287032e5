// SPDX-License-Identifier: Apache-2.0

// Package queue puts packets into the queues of the ports that they go out of, by their
// code point (RFC 2474). The queues themselves are Open vSwitch's (package bridge): classes of
// a queueing discipline of the kernel. Its flows could choose them only for the kernel's datapath,
// and only before they know the port; so it is the kernel that does, by one filter at
// each device (tc-bpf(8)), whatever the datapath, and each policy means by a code point what
// it says.
//
// A filter goes with the queues it stands at. When Open vSwitch makes these anew, so
// does Run with the filter.
//
//	part := queue.New(queue.Options{})
//	m, err := config.Open(config.Options{Host: apply.Of(bridge, apply.Part{Name: "queues", Host: part}), ...})
//	go part.Run(ctx)
package queue
