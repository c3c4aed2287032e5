// SPDX-License-Identifier: Apache-2.0

// Package lldp tells the neighbours of a switch's ports who it is, and keeps what
// they tell (IEEE 802.1AB-2016, for the nearest bridge).
//
// It speaks on the devices themselves, below br-switch: members of a bond each have their
// neighbour, a port that the spanning tree blocks has one, too (Open vSwitch drops what flows
// send there), and nothing is forgotten while Open vSwitch starts anew. What
// neighbours say is not to be believed, and is bounded: in frames per second, in neighbours per
// device, and to characters that a terminal can show.
//
// A switch that ends does not say so, as it is back in a moment; a port that is told to be
// silent does.
//
//	speaker := lldp.New(lldp.Options{Description: "Linkspan"})
//	go speaker.Run(ctx)
//	speaker.Neighbours()
package lldp
