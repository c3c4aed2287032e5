// SPDX-License-Identifier: Apache-2.0

// Package fabric is what this host holds of the fabric: the networks that
// exist, the other chassis it shares one with, and its own endpoints as the
// controller has stored them. It is the client of the controller's chassis
// service and the only place on the host that speaks to it.
//
// It keeps one Follow stream open for ever, programs the tunnel peers the
// stream names and only then acknowledges them, passes the endpoints of overlay
// networks on to their driver, writes the networks to the
// local store so that they are known after a reboot without a controller, and
// lets every call wait, within its context, while the controller is away.
//
// It is not the record of anything: the controller's store is. It knows no
// dockerd, makes no ports and installs no flows.
//
//	f, err := fabric.New(ctx, fabric.Config{
//		Chassis: 3, Client: c.Chassis, Networks: c.Networks,
//		Peers: tunnel, Store: local, Log: log,
//	})
//	go f.Run(ctx)
//	address, err := f.Reserve(ctx, network.ID, netip.Addr{}, "web1")
package fabric
