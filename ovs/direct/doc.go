// SPDX-License-Identifier: Apache-2.0

// Package direct keeps the port of the direct transport: a link of this host on
// which the bridge exchanges packets with other chassis of the same layer 2, as
// they are. It is a macvlan child of the underlay's link, or a NIC given for it,
// so that the host's own address and link stay the kernel's. It bears one
// Ethernet address, that of the chassis number (linkspan.ChassisID.DirectMAC).
//
// A network in between may drop frames from an address that it does not know,
// as clouds do. So the way to each peer is probed: a frame of the largest size
// goes from our address to the peer's, through this very link, and must come
// back. Paths that answered are proved; they are asked again every few seconds,
// and lost ones too, ever more seldom.
//
// It does not add the port to the bridge (package ovs does), nor choose peers,
// nor decide what goes directly.
//
//	port, err := direct.Ensure(ctx, direct.Config{Number: 7, Local: underlay, Fabric: tag, Log: log})
//	err = sw.AddPort(ctx, ovs.Port{Name: port.Device(), OFPort: linkspan.DirectPort})
//	go port.Run(ctx)
//	port.SetPeers([]linkspan.ChassisID{8, 9})
//	<-port.Changed()
//	proved, lost := port.Paths()
//
// All functions act in the network namespace of the process.
package direct
