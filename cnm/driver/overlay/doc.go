// SPDX-License-Identifier: Apache-2.0

// Package overlay is the network driver for one layer 2 over several hosts, by
// the kernel's VXLAN (RFC 7348): a VNI per network, and no flooding. Where a MAC
// is and whose an address is, the kernel is told before the first packet, from
// the endpoints that the controller knows: [Driver.SetPeers], and after that
// [Driver.ChangePeers]. What it was not
// told of it drops. ARP and neighbour requests are answered on the host that
// asks (RFC 7348, 4.2 is not used).
//
// # Links
//
// All networks of the host are in one network namespace of their own, where no
// rule of the host's filter and no route of its can touch them. In it a network
// is a bridge "lob-…" without an address and a vxlan link "lox-…" on it, made
// when its first endpoint joins; an endpoint is a veth whose end "lov-…" is a
// port of the bridge. Networks of the host that stand for one of the fabric share
// the two.
//
// The links outlive the process, and with them the peers that the kernel was told:
// [Driver.Restore] reads them back.
//
// The nftables table inet linkspan-overlay of the host lets in packets of a VNI
// only from hosts that have an endpoint of its network.
//
// # Options of a network
//
//	com.docker.network.driver.overlay.vxlanid_list  its VNI; without it: the network's number in the fabric
//	com.docker.network.driver.mtu                   bytes, at most what fits into the underlay
//	com.docker.network.container_iface_prefix       eth
//
// What it is not: it gives no gateway out of the overlay, encrypts nothing, and
// asks nobody: who knows the endpoints tells it.
//
//	driver, err := overlay.New(overlay.Options{Local: underlay, Fabric: fabric})
//	...
//	err = driver.SetPeers(ctx, vni, []overlay.Peer{{Address: a, MAC: mac, Host: other}})
package overlay
