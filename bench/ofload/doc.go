// SPDX-License-Identifier: Apache-2.0

// Package ofload asks an OpenFlow 1.3 controller questions and checks every
// answer. A Switch is the switch's end of one session: it answers the
// controller's handshake, sends PacketIns, and holds each FlowMod and PacketOut
// that comes back against the Question it belongs to. Run lets many switches
// ask at once, with a window or at a rate, and counts answers, latencies, CPU
// time and Faults.
//
// A question is told by a tag in its packet, twice, the second time inverted,
// so that checksums stay right whatever the tag. The tag holds the question's
// number and how often it was asked: an answer to an earlier asking is late, a
// second answer is a duplicate, a packet that came back changed is wrong. Flows
// are told by their match, which must be for the addresses that were asked.
//
// It is no Open vSwitch: it keeps no flow table and drops nothing. What it
// needs to know of a pipeline (table, cookie and registers of a PacketIn) it
// learns from the flows that the controller installs. Responder is a controller
// that decides nothing; asking it shows how fast the load generator itself is.
//
//	s, err := ofload.Dial(ctx, ofload.Options{Address: "127.0.0.1:6653", DPID: 1})
//	...
//	err = s.Ready(ctx, 1, 2)   // flows that send packets of both ports up
//	err = s.Prepare(questions)
//	result, err := ofload.Run(ctx, []*ofload.Switch{s}, ofload.Load{Window: 64, Duration: 2 * time.Second})
package ofload
