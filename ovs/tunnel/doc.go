// SPDX-License-Identifier: Apache-2.0

// Package tunnel keeps the chassis's tunnel device: one kernel vxlan link that
// is an ordinary port of the bridge and serves all networks. After routing both
// inner MAC addresses are free, so the destination names the peer chassis
// (static forwarding entries here) and the source carries network and sender
// (the pipeline's business). Outer sources that are not peers are dropped by
// nftables and counted, because a vxlan link cannot tell the bridge who sent.
//
// It does not add the port to the bridge (package ovs does), nor choose peers.
//
//	tun, err := tunnel.Ensure(ctx, tunnel.Config{Local: underlay, MAC: chassisMAC})
//	err = sw.AddPort(ctx, ovs.Port{Name: tun.Device(), OFPort: 1})
//	err = tun.AddPeer(ctx, tunnel.Peer{MAC: far, Underlay: addr})
//	err = tun.Remove(ctx) // device, entries and filter
//
// All functions act in the network namespace of the process.
package tunnel
