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
//	packet -> 0 classify --- from an endpoint's port -> 5 guard -+- IP        -> 30 route   -> a port, a transport, the controller
//	               |                                             |                 \- a tracked pair -> ct -> 31 tracked -> as from 30
//	               |                                             +- ARP, NDP  -> 10 neighbour -> [11 advert] -> back to the asker
//	               +-- from the tunnel -----------------------------------> 40 deliver -> a port, the controller
//	               |                                                          \- a tracked pair -> ct -> 41 arrived -> as from 40
//	               +-- from a chassis nearby -------------> 2 direct -----> 40 deliver
//	               +-- from the host's own stack -------------------------> 50 enter   -> a port, the controller
//	                                                                         \- a tracked pair -> ct -> 51 entered -> as from 50
//
// Whatever no flow takes is dropped and counted by a flow of priority 0 in
// each table.
//
// Flows are of IPv4 or of IPv6. Those of IPv6 are as those of IPv4 below (ip, nw_src,
// nw_dst, nw_ttl), with ipv6, ipv6_src, ipv6_dst and the hop limit, but where they are
// named. Of an endpoint's face at its second address (package view) there are only
// these; its meters are those of the endpoint's port.
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
// one flow each and family. What is for another chassis, or is not IP, is dropped; so is
// every tagged frame, as later tables look behind tags. From the gateway port G, behind
// which is the host's own stack (ADR 0021), goes on what is to an endpoint: the lower
// half of the destination is the number of its port, whatever the upper one.
//
//	300  vlan_tci=0x1000/0x1000                                drop
//	120  in_port=G, to multicast addresses                     drop
//	100  in_port=P                                             reg0=N, reg1=P, goto 5
//	100  in_port=T, ip, eth_dst=0e:00:00:00:CC:CC, eth_src=0a:* reg0, reg2 from eth_src, goto 40
//	100  in_port=D, probe                                      drop: not the bridge's
//	100  in_port=D, ip, eth_dst=06:6c:73:00:CC:CC, eth_src=06:6c:73:00:SS:SS reg2=S, goto 2
//	100  in_port=G, ip, nw_dst=*.*.P.P                          nw_dst=A, reg0=N, reg1=P, goto 50
//	110  the same, nw_src=HOST                                  nw_src=GATEWAY of N besides
//	100  in_port=B, ip, nw_src=A                               in_port=P, reg0=N, reg1=P, goto 5
//
// Behind port B are the Linux bridges of the host (ADR 0026). What an endpoint there
// sends is from table 5 on what came in at its port P, which is a number and no port of
// the switch; where a flow outputs to P, B stands for it.
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
// A probe for the endpoint's own address is not answered. Of neighbour discovery nothing
// but a question passes, from the endpoint's address or the link-local one L that
// follows from its MAC address: within a chassis the hop limit stays, and who got
// such a message of another endpoint would believe it.
//
//	140  in_port=P, icmp6, icmp_type=135, nd_target=A          drop
//	130  in_port=P, eth_src=M, icmp6, ipv6_src=A or L, icmp_type=135, nw_ttl=255   meter of P for ARP, goto 10
//	120  icmp6, icmp_type=133, 134, 135, 136 or 137            drop
//	120  in_port=P, eth_src=M, eth_dst=R, nw_src=A, whole echo request to GATEWAY  meter of P for ARP, goto 10
//	110  in_port=P, arp, arp_tpa=A                             drop
//	100  in_port=P, eth_src=M, eth_dst=R, ip, nw_src=A         goto 30
//	100  in_port=P, eth_src=M, arp, arp_spa=A, arp_sha=M       meter of P for ARP, goto 10
//
// # Table 10, neighbour
//
// Every address of the subnet is at the router's MAC, and the gateway's answers to ping.
//
//	100  reg0=N, arp, arp_op=1, arp_tpa=SUBNET                 answer, back out
//	100  reg0=N, icmp6, icmp_type=135, icmp_code=0, nd_target=SUBNET   an advertisement, goto 11
//	100  reg0=N, whole echo request to GATEWAY                 answer, back out
//
// # Table 11, advert
//
// Completes an advertisement: some of its fields can be set only where one is matched.
//
//	100  icmp6, icmp_type=136, icmp_code=0                     addresses, back out
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
//	200  or 100, the same of a tracked pair                    ct(zone=Z), goto 31, idle
//	90   reg0=N, ip, nw_src=A, nw_dst=PREFIX                   MACs, output G, idle
//	90   the same where connections are tracked                ct(zone=Z), goto 31, idle
//	10   in_port=P, ip                                         meter of P, controller
//
// An address outside of the network's subnet is asked for too, and not dropped
// by a static flow: whether it can be reached is the controller's to decide, as
// networks of a group and linked containers reach each other, and all reach what no
// network holds; whoever watches routes is told of the denial. One flow per address, or per
// prefix of those that no network holds, and 10 s denies it for all endpoints of
// the network on the chassis; the meter of P bounds what a scan costs.
//
// # Table 31, tracked
//
// From endpoints, of pairs whose connections are tracked (ADR 0017): between the two
// ends there is more than one verdict. Each flow is for a class of connections
// that A may open to B. It matches not the packet's protocol and ports but those of
// the packet that opened its connection, ct_nw_proto and ct_tp_dst (of ICMP ct_tp_src,
// the type): so one class is one match in both directions, and ICMP errors about a
// connection are of its class and fall with it. A packet of no class goes
// to the controller, which gets the opening packet's protocol and ports with it.
// Later fragments have flows of their own, with the first class of another protocol
// than TCP: the userspace datapath tracks packets whole but keeps the ports from later
// fragments; without the first no packet arrives.
//
//	400  ct_state=+inv                                         drop
//	300  reg0=N, A to B, +new-rpl, CLASS, [STRAY or tcp, +syn] drop, hard 10 s
//	300  reg0=N, A to B, -new-rpl, CLASS                       drop, hard 10 s
//	300  reg0=N, B to A, -new+rpl, CLASS                       drop, hard 10 s
//	270  reg0=N, A to B, STRAY, ports                          as in table 30, idle
//	250  in_port=P, STRAY, from a low port to a low one        meter of P, controller
//	250  in_port=P, STRAY, to a high port                      meter of P, controller
//	200  reg0=N, A to B, +new-rpl, CLASS                       ct(commit, zone=Z), as in table 30, idle
//	200  reg0=N, A to B, -new-rpl, CLASS                       as in table 30, idle
//	200  reg0=N, B to A, +rpl, CLASS                           as in table 30, idle
//	200  reg0=N, A to B, +new, ip_frag=later                   ct(commit, zone=Z), as in table 30, idle
//	200  reg0=N, A to B, -new, ip_frag=later                   as in table 30, idle
//	260  as 270, 100 as 200, for B on another chassis          as in table 30, idle
//	259  as 270, 90 as 200, for a PREFIX in place of B         as in table 30, idle
//	10   in_port=P, ip                                         meter of P, controller
//
// Denials are of the packet's protocol. STRAY is +new-rpl, tcp, -syn: a segment of a
// connection that was opened before, as after a restart of the switch or when nothing
// was tracked until now. From a high port (32768 and above) to a low one it is from who
// opened, and of the class that it would open. Any other may be an answer, so no class takes it:
// the controller decides about it as an answer or, where the ports do not say that it is one,
// in both readings. What is let through, or dropped, is like it: to the ports of its class, from those
// of the class that it is of as an answer, both no wider than a half of all ports.
//
// Z is the port of the pair's end on this chassis, the lower of the two where both
// are here: 65000 zones that collide across no networks. Zone Z is emptied with its
// endpoint. On the kernel's datapath the zones are those of the host's network
// namespace: an OVN on the same host uses some of the same.
//
// Any of these flows may idle out while others stay. The next packet that misses one
// comes up and the flow is plugged anew, if that is still allowed: from table 30 it is
// never decided on what the packet says of itself, but sent through connection tracking
// first, which remembers connections longer than flows last.
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
//	100  the same of a tracked pair                            ct(zone=Z), goto 41, idle
//	10   in_port=T, ip                                         meter of T, controller
//
// # Table 41, arrived
//
// From other chassis, of pairs whose connections are tracked: as table 31, with
// reg2=C in each flow of a pair, and
//
//	10   in_port=T, ip                                         meter of T, controller
//
// # Table 50, enter
//
// From the host's stack. ICMP errors quote what it has sent, which no flow can change.
//
//	400  reg0=N, ip, [nw_src=PREFIX,] [nw_dst=A]               drop, hard 10 s
//	350  in_port=G, icmp, icmp_type=3, 11 or 12                meter of G, controller
//	90   reg0=N, ip, nw_src=PREFIX, nw_dst=A                   MACs, output port of A, idle
//	90   the same where connections are tracked                ct(zone=Z), goto 51, idle
//	10   in_port=G, ip                                         meter of G, controller
//
// # Table 51, entered
//
// From the host's stack, where connections are tracked: as table 31, with priority 90 and a
// PREFIX in place of B, and
//
//	10   in_port=G, ip                                         meter of G, controller
//
// # Probes
//
// For the moment of a probe (ADR 0024) tables 30 and 31 of its source's switch, 40 and 41 of its
// destination's, have a flow above all others that only the probe's packet meets. It takes the
// flows below as if this one were not there, and what they made of it comes up. D is the port
// before which it is held back: the container's or, on the way out, G.
//
//	900  in_port=P, reg6=0, MARK                               reg6=P, [in_port=D,] this table anew, controller, hard 10 s
//	900  reg6=P, reg7=0, MARK                                  the same behind connection tracking, hard 10 s
//
// # Marks
//
// Whatever a flow above does with a packet in the end, it first copies one bit of ct_zone
// to register 3, where nobody looks: another bit for each of port, tunnel, direct,
// host's stack, connection tracking, drop and controller (mark). So the datapath's cache
// has what was decided anew, and never what was before (ADR 0025).
//
// # Cookies
//
// 8 bits of kind, 16 bits of round, 40 bits of object. A session installs what
// is static under a new round and then deletes the other rounds; routes keep
// the round in which they were plugged. The object of a route's flow is the route's id.
// Where all of a flow's packets are decided by one policy, a bit of the kind says that
// the flow counts for it, and the object is its number and 16 bits of the id.
package pipeline
