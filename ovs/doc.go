// SPDX-License-Identifier: Apache-2.0

// Package ovs is the switch process's hand on the local Open vSwitch: the
// integration bridge, its ports and its OpenFlow channel, through the
// database socket (RFC 7047), the bridge's management socket and the control
// socket of ovs-vswitchd. It runs no command and decides nothing.
//
// It is not an OpenFlow implementation (wire/openflow is), it writes no flows,
// and it never adds or removes a Controller row of its bridge: Open vSwitch deletes every
// flow of a bridge when its first controller comes or its last one goes. Controllers of
// somebody else get bridges of their own, as guests. Links
// of the kernel are made by the sub-packages netns and tunnel.
//
//	sw, err := ovs.Open(ctx, ovs.Config{Log: log})
//	if err != nil {
//		return err
//	}
//	defer sw.Close()
//	err = sw.EnsureBridge(ctx, ovs.BridgeSpec{DPID: chassis.DPID()})
//	err = sw.AddPort(ctx, ovs.Port{Name: "lsh-4kq2m7bvxy1", OFPort: 100})
//	near, err := sw.Channel(ctx)
//	err = ovs.Relay(ctx, near, controller) // until either end closes
//
// A Switch lives through restarts of ovsdb-server and of ovs-vswitchd: calls
// wait for them until their context ends and then return linkspan.Unavailable.
package ovs
