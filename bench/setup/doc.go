// SPDX-License-Identifier: Apache-2.0

// Command setup measures reactive route set-up: how many a controller does in a
// second of its CPU time, and how long the first packet of a conversation waits
// for it. Linkspan and ovs-testcontroller answer the same packets from the same
// simulated switches, in turn, in one run; every answer is checked, and one that
// is wrong, late or missing ends the run with exit status 1. It needs a built
// linkspan and Debian's openvswitch-testcontroller, and speaks on loopback only.
//
//	go run ./bench/setup -pairs 3
//
// It writes setup.md and setup.json to bench/results; see bench/README.md.
package main
