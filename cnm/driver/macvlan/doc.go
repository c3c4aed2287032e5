// SPDX-License-Identifier: Apache-2.0

// Package macvlan is the network driver for containers that stand beside the
// host in its own layer 2: an endpoint is a macvlan link on a link of the host,
// with a MAC address of its own. Addresses and gateway are those of the network
// outside; the host itself is not reached from its containers, as the kernel has
// it.
//
// A parent like eth0.50 is made, as 802.1q link 50 of eth0, when it is not
// there, and goes with the network. A network without parent is one of this
// host alone, and internal.
//
// # Options of a network
//
//	parent                                    the host's link
//	macvlan_mode                              bridge, private, vepa or passthru
//	com.docker.network.driver.mtu             bytes, at most that of the parent
//	com.docker.network.container_iface_prefix eth
//
// What it is not: it publishes no ports, and filters nothing.
//
//	drivers := map[string]cnm.Driver{"macvlan": macvlan.New()}
package macvlan
