// SPDX-License-Identifier: Apache-2.0

// Command nos measures what the configuration of a large switch costs: a commit of one
// line over what Open vSwitch itself needs for the same, a comparison, a boot. The switch
// is on a real Open vSwitch, in namespaces of its own, with as many devices as ports.
//
//	go run ./bench/nos -ports 1000 -vlans 4000 -pairs 20
//
// It needs root and Open vSwitch, nothing passes, and it writes nos.md and nos.json to
// bench/results; see bench/README.md.
package main
