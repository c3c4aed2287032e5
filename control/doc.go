// SPDX-License-Identifier: Apache-2.0

// Package control runs the sessions of the switches: it answers what they send
// up, and takes away what a change makes wrong. Its inputs are changes of the
// View and OpenFlow messages; its outputs are OpenFlow messages, events and
// counters. It reads no store, serves no API, and listens nowhere: connections,
// changes and the readiness of tunnels are handed to it.
//
//	hub := control.New(control.Config{Peers: peering.New(), Log: log})
//	hub.Update(view.PutNetwork(n), view.PutEndpoint(e))
//	err := hub.Accept(ctx, conn, control.Peer{Chassis: 1, Remote: addr})
//
// # No flow survives its reason
//
// Decisions are made by many sessions at once, each on the View of its moment.
// A flow is installed in this order: note in the index which chassis will
// depend on which endpoint; lock the chassis's out-buffer; see that the current
// View still has the very records the decision read; append. A change is made
// in this order: swap the View; read from the index who depends on the changed
// records; lock each one's out-buffer and append the deletions. So either the
// installer sees the new View, or the deletion follows the installation.
//
// # What a switch may cost
//
// Meters stand on the switch, and so does whoever has broken into its host.
// What one session may take is bounded here as well: packets a second (twice
// what its meters let through), denials in the index, bytes and time of a dump,
// kinds of refusals in the log, and answers that it causes at other chassis.
package control
