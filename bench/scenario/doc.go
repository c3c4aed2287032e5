// SPDX-License-Identifier: Apache-2.0

// Package scenario sets up what is measured: simulated switches with hosts,
// connected to a controller that knows of them, and the questions that they
// ask. Learning is for a learning switch such as ovs-testcontroller and for the
// load generator's own responder; Fabric is for Linkspan, whose chassis,
// network and endpoints it makes through the API, as real switches would.
//
// Hosts are numbered alike everywhere: host p of switch s, both from 1, is on
// port p and has the address 10.0.0.0 + 4096 s + p, so that every controller
// gets the same packets.
//
//	f, err := scenario.NewFabric(ctx, scenario.FabricConfig{Socket: socket, Dir: dir, Size: size})
//	...
//	defer f.Close()
//	switches, err := f.Connect(ctx, "127.0.0.1:6633", false)
//	...
//	defer switches.Close()
//	err = f.AskSame(switches)
//	result, err := ofload.Run(ctx, switches, load)
package scenario
