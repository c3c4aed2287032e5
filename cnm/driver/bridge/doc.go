// SPDX-License-Identifier: Apache-2.0

// Package bridge is the network driver for networks of one host: a Linux bridge
// per network, with the way out by address translation, published ports, and
// no way between networks. It does what Docker's driver of that name does, with
// the options that one has.
//
// # Links
//
// A network is a bridge "lbr-…", or one with the name that was given; an
// endpoint is a veth whose host end "lbv-…" is a port of it. Without
// inter-container communication the ports are isolated from each other, or the
// filter cuts what is bridged where the kernel's br_netfilter shows it that. A
// bridge that was there before is used and left.
//
// # Filter
//
// One nftables table, inet linkspan-bridge, has everything. A new network is added
// to it, and every other change replaces it as a whole, in one transaction: it
// never differs from the records. Its doc is at [Driver]'s rules in filter.go. Traffic into a network
// passes when it belongs to a conversation that began inside, goes to a
// published port, or comes from the host itself.
//
// # Options of a network
//
//	com.docker.network.bridge.name                  of the bridge
//	com.docker.network.bridge.enable_icc            true: containers of the network reach each other
//	com.docker.network.bridge.enable_ip_masquerade  true: what leaves bears the host's address
//	com.docker.network.bridge.host_binding_ipv4     where ports are published that name no address
//	com.docker.network.bridge.gateway_mode_ipv4     nat, nat-unprotected, routed or isolated; _ipv6 too
//	com.docker.network.bridge.inhibit_ipv4          false; true: the bridge has no IPv4 address
//	com.docker.network.host_ipv4, host_ipv6         the address that what leaves bears
//	com.docker.network.driver.mtu                   bytes
//	com.docker.network.container_iface_prefix       eth
//
// Where iptables drops by default what is forwarded, as Docker has it, the
// driver's bridges are let through its chain DOCKER-USER or FORWARD; only that
// of nftables, not iptables-legacy.
//
// A network with a way out turns the host's IP forwarding on, and nothing turns
// it off again. The host still takes router advertisements.
//
// What it is not: no user-space proxy; a port published for IPv6 is not reached
// by ::1.
//
//	drivers := map[string]cnm.Driver{"bridge": bridge.New(bridge.Options{})}
package bridge
