// SPDX-License-Identifier: Apache-2.0

// Command scale measures what a controller costs when nothing happens and when
// one thing does, and how that grows: a real controller process, hosts that are
// simulated (package fleet) and join it as real ones do, many endpoints on each.
// For each size it measures memory, the size of the store, start-up,
// reconciliation, and one change of each kind, until all concerned know it.
//
//	go run ./bench/scale -sizes 10,100,300,1000
//	go run ./bench/scale -layouts flat,overlay -sizes 10,30,100 -name network
//
// It needs a built linkspan, speaks on loopback only, and writes scale.md and
// scale.json to bench/results; see bench/README.md.
package main
