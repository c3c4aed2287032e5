// SPDX-License-Identifier: Apache-2.0

// Package storm keeps a container that floods from taking the switch's time
// from others. A port's meters stand behind the receipt of a packet, and on the
// userspace datapath one thread receives for all ports. So what a port sends in
// vain is limited before it leaves the container: by an nftables chain in the
// egress hook of the container's own interface (Linux 5.16), which the
// container cannot remove as long as it lacks CAP_NET_ADMIN.
//
// Every interface has a fence that passes 200 packets a second of ARP, and as
// many of whatever else is not IP, which no table of the bridge takes; of an endpoint
// without IPv6 that is among these, else of it what goes to many. For
// the rest a Watch looks four times a second at how much each port sends, and where
// that is much, at how much of it a route took. When 2,000 packets a second are
// taken by none, the fence gets a limit: for the destinations that are denied
// where these are nearly all of it, else for the interface. It goes when for ten
// seconds little was in vain, by what passes the limit and what it holds.
//
//	w, err := storm.New(storm.Config{Ports: ports, Traffic: traffic, Report: report, Log: log}.Default())
//	err = w.Run(ctx)   // until ctx ends; fences stay, and are found again
//	for _, s := range w.States() { ... }
//
// It limits no traffic that is routed, however much, and is no policy: what it
// holds would have been dropped by the bridge. It knows no flow and no table;
// who implements Traffic does.
package storm
