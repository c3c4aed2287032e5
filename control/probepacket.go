// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"

	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/wire/packet"
)

// The source ports of probes lie above those that Linux gives by itself (32768 to
// 60999). Whoever has the same is not harmed; see release.
const firstProbePort, probePorts = 61000, 4536

// The code points of probes are those for local use (RFC 2474, 6: xxxx11), and the times
// to live such as no system begins with: those begin with 64, 128 or 255.
const (
	probeCodePoints, localUse = 16, 3
	firstProbeTTL, probeTTLs  = 130, 120
)

// newProbe makes the packet of a probe. What it carries is its own: sequence number,
// identification (of IPv4) or payload are random.
// The count of probes is for marks that were not used lately.
func newProbe(id, count uint64, q Probe) *probe {
	p := &probe{id: id, asked: q, news: make(chan struct{}, 1)}
	nonce := rand.Uint64()
	p.mark = pipeline.Mark{
		Source: q.From.Address, Destination: q.Destination, Protocol: q.Protocol,
		DSCP: uint8(count/probeTTLs%probeCodePoints)<<2 | localUse, TTL: uint8(firstProbeTTL + count%probeTTLs),
	}
	h := packet.Head{
		EthSrc: packet.MAC(q.From.MAC), EthDst: packet.MAC(pipeline.RouterMAC()),
		Src: q.From.Address, Dst: q.Destination, ID: uint16(nonce), TOS: p.mark.DSCP << 2, TTL: p.mark.TTL,
	}
	payload := binary.BigEndian.AppendUint64(nil, nonce)
	switch q.Protocol {
	case decide.ProtocolTCP, decide.ProtocolUDP, decide.ProtocolSCTP:
		p.mark.SourcePort, p.mark.DestinationPort = uint16(firstProbePort+rand.IntN(probePorts)), q.Port
	}
	switch q.Protocol {
	case decide.ProtocolTCP:
		p.frame = packet.AppendTCP(nil, &h, &packet.TCP{
			SrcPort: p.mark.SourcePort, DstPort: q.Port, Seq: uint32(nonce), Flags: packet.TCPSyn, Window: 64240,
		}, nil)
	case decide.ProtocolUDP:
		p.frame = packet.AppendUDP(nil, &h, p.mark.SourcePort, q.Port, payload)
	case decide.ProtocolSCTP:
		p.frame = packet.AppendIP(nil, &h, q.Protocol, sctpInit(&p.mark, uint32(nonce)))
	case decide.ProtocolICMP, decide.ProtocolICMPv6:
		p.echo = uint16(nonce >> 16)
		p.frame = packet.AppendIP(nil, &h, q.Protocol, icmpMessage(&p.mark, uint8(q.Port), p.echo, payload))
	default:
		p.frame = packet.AppendIP(nil, &h, q.Protocol, payload)
	}
	return p
}

// icmpMessage is a query of a type (RFC 792; RFC 4443, whose checksum covers the
// addresses, too).
func icmpMessage(k *pipeline.Mark, kind uint8, id uint16, payload []byte) []byte {
	b := append([]byte{kind, 0, 0, 0, byte(id >> 8), byte(id), 0, 1}, payload...)
	sum := packet.Checksum(b)
	if k.Protocol == decide.ProtocolICMPv6 {
		sum = packet.TransportChecksum(k.Source, k.Destination, k.Protocol, b)
	}
	binary.BigEndian.PutUint16(b[2:], sum)
	return b
}

// sctpInit is a packet that asks for an association (RFC 9260, 3.3.2).
func sctpInit(k *pipeline.Mark, tag uint32) []byte {
	const chunkInit, length, window, streams = 1, 20, 65536, 1
	b := binary.BigEndian.AppendUint16(nil, k.SourcePort)
	b = binary.BigEndian.AppendUint16(b, k.DestinationPort)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0, chunkInit, 0, 0, length)
	b = binary.BigEndian.AppendUint32(b, tag|1) // never 0
	b = binary.BigEndian.AppendUint32(b, window)
	b = append(b, 0, streams, 0, streams)
	b = binary.BigEndian.AppendUint32(b, tag)
	binary.LittleEndian.PutUint32(b[8:], crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
	return b
}

// made says whether a frame is the probe's own packet, wherever it has come: what
// hops change is left out.
func (p *probe) made(frame []byte) bool {
	if len(frame) < len(p.frame) {
		return false
	}
	same := func(from, to int) bool { return bytes.Equal(frame[from:to], p.frame[from:to]) }
	if p.mark.Source.Is6() {
		const length, hopLimit, addresses = 18, 21, 22 // where they stand (RFC 8200, 3)
		return same(length, hopLimit) && same(addresses, len(p.frame))
	}
	const length, ttl, protocol, checksum, addresses = 16, 22, 23, 24, 26 // RFC 791, 3.1
	return same(length, ttl) && same(protocol, checksum) && same(addresses, len(p.frame))
}
