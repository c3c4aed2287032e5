// SPDX-License-Identifier: Apache-2.0

// Package pipeline turns what was decided into flows. It is the only place
// with table numbers, priorities, cookies, meters and timeouts. It does no
// I/O and keeps no state: flows follow from a View, or from a decision.
//
//	set := pipeline.Static(v, 1)                     // what chassis 1 always has
//	b = stencil.AppendRoute(b, 0, round, pipeline.LegOf(&decision, 1)) // the flows of a route on it
//
// # The table of tables
//
//	               +-- tagged: drop
//	packet -> 0 classify --- from an endpoint's port -> 5 guard -+- IPv4 -> 30 route   -> a port, a transport, the controller
//	               |                                             +- ARP  -> 10 neighbour -> back to the asker
//	               +-- from the tunnel -----------------------------------> 40 deliver -> a port, the controller
//	               +-- from a chassis nearby -------------> 2 direct -----> 40 deliver
//
// Whatever no flow takes is dropped and counted by a flow of priority 0 in
// each table. Tables 20 (connection tracking) and 21 (policy) are reserved
// between guard and route.
//
// Register 0 is the network: the source's where a packet starts, the destination's
// where it arrives. Register 1 is the endpoint's port, register 2 the chassis that
// sent a packet.
//
// # Table 0, classify
//
// Says of which network a packet is: by its port or, from the tunnel, by its
// source address 0a:CC:CC:NN:NN:NN, which carries the sending chassis and the
// network of the destination. On the direct port D only frames of chassis whose path is proved go on,
// one flow each. What is for another chassis, or is not IPv4, is dropped; so is
// every tagged frame, as later tables look behind tags.
//
//	300  vlan_tci=0x1000/0x1000                                drop
//	100  in_port=P                                             reg0=N, reg1=P, goto 5
//	100  in_port=T, ip, eth_dst=0e:00:00:00:CC:CC, eth_src=0a:* reg0, reg2 from eth_src, goto 40
//	100  in_port=D, probe                                      drop: not the bridge's
//	100  in_port=D, ip, eth_dst=06:6c:73:00:CC:CC, eth_src=06:6c:73:00:SS:SS reg2=S, goto 2
//
// # Table 2, direct
//
// Says of which network a packet from nearby is, by where it goes: there is one
// flow per network on the chassis that overlaps no other and does not ask for the
// tunnel. Whether the source is one of the network's says the route.
//
//	100  ip, nw_dst=SUBNET                                     reg0=N, goto 40
//
// # Table 5, guard
//
// Only what bears the endpoint's own addresses goes on, and only to the router.
// A probe for the endpoint's own address is not answered.
//
//	110  in_port=P, arp, arp_tpa=A                             drop
//	100  in_port=P, eth_src=M, eth_dst=R, ip, nw_src=A         goto 30
//	100  in_port=P, eth_src=M, arp, arp_spa=A, arp_sha=M       meter of P for ARP, goto 10
//
// # Table 10, neighbour
//
// Every address of the subnet is at the router's MAC.
//
//	100  reg0=N, arp, arp_op=1, arp_tpa=SUBNET                 answer, back out
//
// # Table 30, route
//
// From endpoints. Between endpoints of one chassis there is no hop, so their
// routes stand above the answer to an expired time to live.
//
//	400  reg0=N, ip, [nw_src=A,] nw_dst=B                      drop, hard 10 s
//	300  ip, nw_ttl=0                                          drop
//	200  reg0=N, ip, nw_src=A, nw_dst=B                        MACs, output port of B, idle
//	150  in_port=P, ip, nw_ttl=1                               meter of P, controller
//	100  reg0=N, ip, nw_src=A, nw_dst=B                        dec_ttl, MACs, output T or D, idle
//	10   in_port=P, ip                                         meter of P, controller
//
// An address outside of the network's subnet is asked for too, and not dropped
// by a static flow: whether it can be reached is the controller's to decide, as
// networks of a group and linked containers reach each other, and whoever watches
// routes is told of the denial. One flow per address and 10 s denies it for all endpoints of
// the network on the chassis; the meter of P bounds what a scan costs.
//
// # Table 40, deliver
//
// From other chassis, by T or D. A packet without a route here may be the victim
// of a lost flow: it goes to the controller, which plugs the route again. A route
// takes packets from either, so that none is lost while the transport changes.
// N is the network of B, whatever that of A: no endpoint has two peers of one
// address (decide), so the flows of two routes never have one match.
//
//	400  reg0=N, reg2=C, ip, [nw_src=A,] [nw_dst=B]            drop, hard 10 s
//	300  ip, nw_ttl=0                                          drop
//	200  in_port=T, ip, nw_ttl=1                               meter of T, controller
//	100  reg0=N, reg2=C, ip, nw_src=A, nw_dst=B                dec_ttl, MACs, output port of B, idle
//	10   in_port=T, ip                                         meter of T, controller
//
// # Cookies
//
// 8 bits of kind, 16 bits of round, 40 bits of object. A session installs what
// is static under a new round and then deletes the other rounds; routes keep
// the round in which they were plugged.
package pipeline
