// SPDX-License-Identifier: Apache-2.0

// Package kernel shows what the kernel of the switch has, in the network namespace of
// the process: interfaces with their addresses and counters, neighbours, and routes. It
// is read at each question and nothing is kept.
//
// What Open vSwitch knows of ports is shown elsewhere.
//
//	catalogue, err := show.NewCatalogue(kernel.Items()...)
//	counters, err := kernel.Counters(ctx)
package kernel
