// SPDX-License-Identifier: Apache-2.0

// Package harness is what the end-to-end tests type with: a lab, commands on its
// hosts, the command line against its controller, containers that answer, and a
// [Snapshot] of everything that could be leaked. It asserts nothing of the
// product.
//
//	l := harness.Up(t, lab.Config{Hosts: 2})
//	l.CLI(t, "network", "create", "--subnet", "10.7.0.0/24", "web")
//	c1 := l.Run(t, "h1", "c1", "--network", "web")
//	c2 := l.Run(t, "h2", "c2", "--network", "web")
//	c1.Reaches(t, c2, "web")
//
// Nothing waits for a time: [Eventually] waits for a condition.
package harness
