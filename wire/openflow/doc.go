// SPDX-License-Identifier: Apache-2.0

// Package openflow turns OpenFlow 1.3 messages (wire version 4) into structs
// and back, with the extensions of Open vSwitch that a pipeline of stateful
// rules needs. "spec" in its comments is the OpenFlow Switch Specification
// 1.3.5 unless another version is named; names in brackets such as
// ovs-fields(7) are manual pages of Open vSwitch.
//
// It is bytes and structs only: it opens no connection, keeps no state of a
// switch, and knows no table number, cookie or policy. Sessions, timeouts and
// the pairing of replies with requests belong to its users.
//
// # Layers
//
//   - Stream: Reader cuts a byte stream into messages (spec 7.1). Message is a
//     view of one of them.
//   - Messages: one struct for each, with Append to encode and Decode to
//     decode. Where only a switch sends a message, Append is there for
//     simulated switches, and the other way round.
//     Handshake and liveness: Hello, EchoRequest, EchoReply, FeaturesRequest,
//     FeaturesReply, Config (spec 6.3, 7.3.1, 7.3.2, 7.5). Flows and packets:
//     FlowMod, PacketIn, PacketOut, FlowRemoved, BarrierRequest (7.3.4, 7.3.7,
//     7.3.8, 7.4). Meters: MeterMod (7.3.4.4). Several controllers:
//     RoleRequest, RoleReply, RoleStatus, Async (6.3.4, 7.3.9, 7.3.10).
//     Ports: PortStatus, Port (7.2.1, 7.4.3). Dumps: Multipart with the Next
//     methods of FlowStats, TableStats, Port, MeterStats, MeterConfig and the
//     DecodeBody methods of Desc and AggregateStats (7.3.5). Refusals:
//     ErrorMessage (7.4.4). Extensions: Experimenter, BundleControl, BundleAdd
//     (ONF), SetControllerID, CTFlush (Nicira).
//   - Lists inside messages: Match builds what MatchView reads, a list of OXM
//     (7.2.3); Actions (7.2.5) and Instructions (7.2.4) are built and read as
//     the same type.
//   - Registry: Field is one OXM or NXM field; a table holds their names,
//     widths and maskability.
//   - Text: String methods write matches, actions and flows as ovs-ofctl does.
//
// # Ownership and allocation
//
// Decoded structs hold views of the message, which is a view of the Reader's
// buffer: they are valid until the next call of Reader.Next. Copy what must
// live longer. Append methods append to the given slice and return it; a
// message that would be longer than MaxLen bytes is not appended at all.
// Decoding a PacketIn and encoding a FlowMod or a PacketOut allocates nothing
// while the slice has room. Decoders never read outside of their input, whatever it
// holds; structures in it that they do not walk (OXMs, actions) have Check
// methods, and their iterators end at the first malformed one.
//
// # Example
//
// A flow that sends IPv4 packets for an address out of port 2:
//
//	var m openflow.Match
//	m.EthType(0x0800).IPv4Dst(netip.MustParseAddr("10.1.0.12"))
//	acts := openflow.Actions(nil).DecTTL().Output(2, 0)
//	flow := openflow.FlowMod{
//		Priority:     100,
//		Match:        m.View(),
//		Instructions: openflow.Instructions(nil).Apply(acts),
//	}
//	buf = flow.Append(buf, xid)
package openflow
