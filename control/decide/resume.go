// SPDX-License-Identifier: Apache-2.0

package decide

// A TCP segment that opens no connection and is of none that the datapath's connection
// tracking knows is of one that was opened before: the switch was restarted, the
// connection was flushed, or nothing was tracked between the two until now. It has two
// readings: it is from who opened, or it is an answer. Where its ports tell which, that
// one is decided about, and else both must be allowed: one that was revoked may not go on as
// another in the other direction.

// Stray says that p is such a segment.
func (p *Packet) Stray() bool { return p.Tracked && p.Begins && p.Resumes }

// Resumed returns a stray segment as the answer that it also may be, in a connection that
// its destination opened. ok is false where it cannot be that: it is no stray one, or by
// its ports it comes from who opened. Such answers are let through and make no
// connection known; one that nobody has asked for is refused by its receiver.
func (p *Packet) Resumed() (answer Packet, ok bool) {
	if !p.Stray() || opened(p.SourcePort, p.DestinationPort) {
		return Packet{}, false
	}
	answer = *p
	answer.Reply, answer.Begins, answer.Resumes = true, false, false
	answer.SourcePort, answer.DestinationPort = p.DestinationPort, p.SourcePort
	return answer, true
}

// ephemeral is the least port that Linux gives who opens a connection and asks for none
// (ip_local_port_range).
const ephemeral = 32768

// opened says that, by the two ports, the first is of who opened. Where both are high,
// or both are low, nobody can say.
func opened(port, other uint16) bool { return port >= ephemeral && other < ephemeral }

// Answers says that a stray segment is an answer, by its ports, and nothing else.
func (p *Packet) Answers() bool { return p.Stray() && opened(p.DestinationPort, p.SourcePort) }

// FromOpener says that segments between two ports are from who opened, by the ports.
func FromOpener(from, to uint16) bool { return opened(from, to) }

// Halves returns the two halves of the ports of TCP between which Half chooses.
func Halves() (low, high Class) {
	return BlockOf(ProtocolTCP, 0, 1), BlockOf(ProtocolTCP, ephemeral, 1)
}

// Half returns the class, or where that has all ports of TCP the half of them that holds
// port: of stray segments between two halves the ports tell the same.
func (c Class) Half(port uint16) Class {
	if c.Bits > 0 {
		return c
	}
	return BlockOf(ProtocolTCP, port, 1)
}
