// SPDX-License-Identifier: Apache-2.0

// Package restore keeps a true copy of a bridge's flows and puts them back when
// ovs-vswitchd lost them, in one atomic bundle and before any controller is
// asked, so that conversations go on with the controller away too.
//
// The copy follows the bridge through a flow monitor (ONF extension EXT-187,
// Open vSwitch 2.16 and later) on a connection of its own to the management
// socket: nothing is polled, and a bridge at rest costs nothing. Meters are read
// when a flow that names one comes. Flows with a hard timeout are verdicts for a
// moment and are not kept; idle timeouts start anew. The copy is in memory only:
// a switch process that starts reads the bridge.
//
// It decides nothing: what it puts back is what the bridge had, and the
// controller's first dump finds it and corrects it. It knows no table and no
// cookie but this: a flow with cookie 0 is nobody's.
//
//	keeper := restore.New(restore.Config{Dial: sw.Channel, Log: log})
//	go keeper.Run(ctx)
//	near, err := keeper.Channel(ctx) // waits until the flows are back
package restore
