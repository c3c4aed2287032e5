// SPDX-License-Identifier: Apache-2.0

// Package publish holds ports of the host for containers: who publishes one keeps
// others on the host from it, and learns whether somebody has it.
//
// What it is not: it translates nothing, and packets do not reach it.
//
//	ports, taken, err := publish.Take(e.PortMaps, bindings)
//	defer publish.LetGo(taken)
package publish
