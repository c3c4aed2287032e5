// SPDX-License-Identifier: Apache-2.0

// Package across is the way between the Linux bridges of the host and the fabric: by
// it, containers of the host's own networks talk by routes with those of other networks
// (ADR 0026).
//
// It is one veth: "lsbp" is the port linkspan.BridgePort of the integration bridge,
// "lsbr" is the host's. Each bridge has a routing table of its own, which a rule asks
// for what comes in by that bridge alone: it leads to "lsbr" the subnets of the networks
// that something lets its containers talk with, and no other address. What comes from
// "lsbr" goes the host's ordinary way to its bridge. Containers keep their addresses on
// both ways, so neither translation nor connection tracking of the host sees them; who
// may talk is decided in the integration bridge, by the controller. The table of
// nftables, inet linkspan-across, only holds each bridge to its subnet and to where it
// leads.
//
// What it is not: it does not know networks and groups, and makes no bridges.
//
//	k := across.Keeper{Config: cfg, Ports: sw, Bridges: bridges, Fabric: fabric, Log: log}
//	err := k.Run(ctx)
package across
