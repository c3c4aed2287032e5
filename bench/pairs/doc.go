// SPDX-License-Identifier: Apache-2.0

// Package pairs measures what lies between pairs of containers, or of network
// namespaces, by TCP throughput, round trips and new connections: pair after pair in turn, on a
// stand of two hosts, and each in the ratio to the pairs that it is compared
// with. What the pairs are, its caller says; it knows no network itself. It
// needs root.
//
//	func main() { pairs.Main("forward", new(config)) }
//
//	func (c *config) Benchmark(ctx context.Context, args []string) error {
//		return c.Run(ctx, pairs.Plan{Title: "Forwarding", Command: args, Prepare: c.prepare})
//	}
//
// A program of it, called as "serve ADDRESS" and "load KIND ADDRESS DURATION", is
// the two ends of the load (package load), which run in them.
package pairs
