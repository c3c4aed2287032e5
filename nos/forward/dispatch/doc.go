// SPDX-License-Identifier: Apache-2.0

// Package dispatch makes the flows of br-switch that say who decides about a
// frame (ADR 0028): the switch itself, the controller of the fabric, or a foreign
// controller. It is pure: of the same state it makes the same flows. They change while
// the switch runs, as hosts come and go; those that follow from the configuration
// alone are package forward's, which also has the other tables.
//
//	 0 guard       what comes from a patch goes to 7
//	 7 dispatch    by VLAN and port: to 10, 8, 20 or 30; what comes from a patch to 21 or 31
//	 8 watched     traditional, in VLANs that name a network: frames to the router's MAC are led to
//	               whom they are for; what is for the fabric is marked
//	 9 noticed     traditional, in these VLANs: hosts are noticed; then 10
//	10 itself      traditional (package forward)
//	20 sdn         what hosts send: to their patch. A host that is not known comes up
//	21 station     from a patch of a host to the host
//	30 foreign     to a foreign controller's bridge
//	31 returned    and from there
//
// # Table 7, dispatch
//
//	2000  in_port=patch                                  goto 21 or 31
//	1900  in_port=interface of VLAN V                     goto 8, if V is watched
//	1500  in_port=P[, vlan V]                             goto 30
//	1450  vlan V, DHCP, DHCPv6, router discovery          goto 10: who has no address yet cannot be known
//	1400  in_port=P, vlan V                               as P is in V, where that is not as V is
//	1300  vlan V                                          [pop tag,] goto 20, or goto 8
//
// # Table 8, watched
//
// A is the address of a host, M its MAC, R the router's MAC, C an address that the fabric answers for: a
// container's. What is said of ARP holds for neighbour discovery, and of ip for IPv6.
//
//	1650  in_port=interface, ARP                          goto 10
//	1600  in_port=interface, eth_dst=M                    to the host, if it is the controller's
//	1500  eth_dst=M, or ARP for A                         goto 20, if it is the controller's
//	1450  ARP for C                                       reg3=1, goto 9
//	1400  eth_dst=R, for A                                eth_dst=M, goto 9; goto 20, if it is the controller's
//	1390  eth_dst=R, ARP reply                            up: it answers us
//	1360  eth_dst=R, for SUBNET                           reg3=1, goto 9
//	1350  eth_dst=R, ip                                   to the interface
//	1000                                                  goto 9
//
// # Table 9, noticed
//
//	1500  ip, for the interface                           goto 10
//	1450  reg3=1, in_port=P, eth_src=M, nw_src=A          goto 20, if it is plugged
//	1420  neighbour discovery                             goto 10 and a copy up, metered
//	1400  in_port=P, eth_src=M, nw_src=A, for SUBNET      goto 10, and a copy to its patch, in shadow
//	1300  in_port=P, eth_src=M, nw_src=A                  goto 10
//	1200  ARP                                             goto 10 and a copy up, metered
//	1100  ip, to one                                      goto 10 and a copy up, metered
//	1000                                                  goto 10
//
// # Table 20, sdn
//
//	1500  ARP for the interface, or ip for it             to the interface
//	1400  in_port=P, eth_src=M, nw_src=A                  eth_dst=R, to its patch
//	1400  in_port=P, eth_src=M, ARP request, arp_spa=A    to its patch, and a copy up: whom it asks for may be silent
//	1300  ARP, ip to one                                  up, metered
//	1200  to groups                                       drop
//
// # Table 21, station
//
//	1500  vlan V, nw_src=A of a host in shadow            drop: it was delivered already
//	1400  in_port=patch                                   [push tag,] to its port
package dispatch
