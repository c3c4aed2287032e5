// SPDX-License-Identifier: Apache-2.0

// Package linkspan holds the words of Linkspan: the things the whole program
// speaks of, each with the rules that make a value of it valid, and the coded
// error. It does no I/O, knows no other package of the project and imports the
// standard library only.
//
// A Network is one address space under one name on every chassis. An Endpoint
// is a container's attachment to it. A Chassis is a host that runs a switch.
// A Route is a hot-plug route between two endpoints: it is plugged at their
// first packet and vanishes when idle, and the datapaths are its only record.
//
//	n := linkspan.Network{Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24")}
//	n.ApplyDefaults()
//	if err := n.Validate(); err != nil {
//		return err // a *linkspan.Error with code Invalid and a hint
//	}
package linkspan
