// SPDX-License-Identifier: Apache-2.0

// Package tunnel keeps the chassis's tunnel device: one kernel vxlan link that
// is an ordinary port of the bridge and serves all networks. After routing both
// inner MAC addresses are free, so the destination names the peer chassis
// (static forwarding entries here) and the source carries sender and network.
// A vxlan link cannot tell the bridge who sent, so nftables admits a frame only
// when its sender is the peer that has the outer source address; the network is
// the pipeline's business. Others on this host, users and containers behind its
// address, cannot send to the tunnel's port. What is dropped is counted.
//
// Nothing is encrypted or authenticated: who can forge outer source addresses
// on the underlay, or is root on a member, can speak as that member.
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
