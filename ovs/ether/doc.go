// SPDX-License-Identifier: Apache-2.0

// Package ether speaks one Ethernet protocol on one device of this host, beside
// whatever else is on it: its kernel's stack, or Open vSwitch.
//
//	f, err := ether.Open("eth1", 0x88cc) // reads and writes whole frames
package ether
