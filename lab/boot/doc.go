// SPDX-License-Identifier: Apache-2.0

// Package boot is what runs inside of a lab's node: the first process of the
// node's own PID namespace, which makes the namespaces look like a machine just
// switched on and keeps the node's programs running. It does not make the
// namespaces and plugs no cable: that is package lab, outside.
//
// A node is the fabric (a namespace that holds the underlay's bridge), a
// controller, or a host. Killing its first process is a power cut: the kernel
// ends everything in the PID namespace, and with the last process go the mounts
// and links. What a machine keeps over a power cut is kept in the node's folder:
//
//	spec.json   what the node is, written by package lab
//	init.json   its first process (process.Identity)
//	state.json  its programs (State), rewritten at each change
//	held.json   the programs that are to stay down, read at SIGHUP
//	join        a host's join token
//	log/        what each program prints
//	disk/       the folders that outlive a power cut
//	run/        a controller's /run/linkspan, so that its socket is reachable
//
// A program that ends is started again, at once if it had been running a while,
// else after a pause that grows to 3 s.
//
//	err := boot.Run(ctx, "/var/lib/linkspan/lab/lab/h1/spec.json")
package boot
