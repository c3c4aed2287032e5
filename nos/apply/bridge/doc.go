// SPDX-License-Identifier: Apache-2.0

// Package bridge makes the bridge of a switch, br-switch, as the configuration
// says: its ports, bonds, VLAN interfaces, spanning tree, mirrors, queues and what it
// tells to collectors, all that Open vSwitch keeps in its database. A commit is one
// transaction (RFC 7047), realised by ovs-vswitchd and read back; what cannot be realised
// is taken back.
//
// It writes no flows (package forward does: without them the bridge, which is in
// fail mode secure, passes nothing), and it leaves devices of the kernel alone: their
// state, size and addresses are package link's. Patch ports, and ports of services, are others', too.
//
//	part := bridge.New(bridge.Config{Switch: ovs.Start(ovs.Config{Bridge: bridge.Name})})
//	m, err := config.Open(config.Options{Host: part, ...})
//
// How it works: the part of a configuration that changed is translated into rows
// (want.go), the same rows are read from the database (read.go), and what differs becomes
// the operations of a transaction (write.go), the steps of a plan, or drift. What was
// there before is kept as rows, too, so that undoing is the same with the sides changed.
// A change of a few ports reads and writes the rows of these ports alone.
package bridge
