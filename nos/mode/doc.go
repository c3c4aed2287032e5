// SPDX-License-Identifier: Apache-2.0

// Package mode has a switch decide about frames itself, or leave it to the controller of
// the fabric or to a foreign one, by switch, port and VLAN (ADR 0028); and changes that
// without losing a frame.
//
// It knows the hosts behind the switch's ports in the VLANs that name a network of the fabric, makes
// endpoints of them, each with a patch between br-switch and br-link of its own, and forgets
// them. It keeps the flows of package dispatch in br-switch. It tells neighbours where hosts are
// after a change, watches the change, and takes it back. Without a controller it does what
// the configuration says: nothing, or everything itself until one is back.
//
// Where the switch itself decides, it has the fabric answer for the containers that hosts ask for, so
// that these are stations of the VLAN in every mode.
//
// It decides about no packet: the controller does, and Open vSwitch. It knows no controller,
// no container and no cnm: what it needs of the fabric is in [Fabric].
//
//	k := mode.New(mode.Options{Dial: dial, Ports: switch, Guests: guests, Log: log})
//	host := apply.Of(..., apply.Part{Name: "mode", Host: k})
//	go k.Run(ctx)
//	k.Join(mode.Link{Fabric: fabric, Ports: link, Numbers: driver}) // once it is in the fabric
//
// # A change
//
// What becomes the controller's is prepared while the switch still decides: hosts are noticed, asked for, made
// endpoints; then all that they send is copied to the fabric (the shadow), so that their
// conversations plug their own routes, and what comes back is dropped. When as much comes back
// as goes in, one bundle of flows makes the change. What ceases to be the controller's is
// announced to Open vSwitch's own table and to the neighbours before that bundle. Neither direction
// depends on what neighbours have cached: package dispatch takes frames to the router's MAC and to
// hosts' own in both. Then the hosts are asked again: where one is silent that was not
// before, the change is taken back.
package mode
