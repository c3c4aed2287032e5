// SPDX-License-Identifier: Apache-2.0

// Package bridge shows what the bridge of a switch does: its ports, VLANs, the stations
// that it has learnt, spanning tree, bonds and mirrors. What is configured comes from the
// running configuration, all else from Open vSwitch at each question; nothing is kept.
//
// What the kernel and what flows know is shown elsewhere.
//
//	source := bridge.Source{Switch: ovs.Start(ovs.Config{Bridge: "br-switch"}), Running: manager.Running}
//	catalogue, err := show.NewCatalogue(source.Items()...)
package bridge
