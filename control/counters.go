// SPDX-License-Identifier: Apache-2.0

package control

import "sync/atomic"

// Counters counts since the Hub was made. Each is read on its own.
type Counters struct {
	PacketIns    atomic.Uint64 // that came up
	Early        atomic.Uint64 // of these, before the session was ready; dropped
	Excess       atomic.Uint64 // of these, more than the switch's meters let through; dropped
	Malformed    atomic.Uint64 // of these, no IPv4 packet of a known origin; dropped
	Ignored      atomic.Uint64 // of these, dropped without a flow
	Denied       atomic.Uint64 // of these, denied by a flow
	Crowded      atomic.Uint64 // of these, denied without a flow, as the chassis has too many denials
	Allowed      atomic.Uint64 // of these, allowed: local and remote plugs and joined
	Expired      atomic.Uint64 // of these, answered with time exceeded
	Rejected     atomic.Uint64 // of these, answered with prohibited
	PlugsLocal   atomic.Uint64 // routes plugged on one chassis at once
	PlugsRemote  atomic.Uint64 // routes plugged on two chassis
	Joined       atomic.Uint64 // packets that waited for the plug of another
	Inspected    atomic.Uint64 // packets sent through connection tracking, to be decided about then
	Classes      atomic.Uint64 // classes of connections plugged, on one or two chassis
	Resumed      atomic.Uint64 // answers let through of connections older than the tracking
	Unlogged     atomic.Uint64 // conversations that a policy wants written down and are too many
	Revised      atomic.Uint64 // flows deleted because policy changed
	Away         atomic.Uint64 // packets for a chassis without a session; dropped
	Late         atomic.Uint64 // plugs given up, for lack of an answer in time
	Dropped      atomic.Uint64 // packets lost because too many were waiting
	Again        atomic.Uint64 // decisions made anew, as their records had changed
	Flushed      atomic.Uint64 // deletions sent because a record changed
	FlowsRemoved atomic.Uint64 // flows that a switch reported gone
	Refused      atomic.Uint64 // messages that a switch refused
	Pending      atomic.Int64  // plugs under way
	RemoteTime   Latency       // of plugs on two chassis: from the first packet until it is sent on
}
