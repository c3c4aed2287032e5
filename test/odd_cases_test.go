// SPDX-License-Identifier: Apache-2.0

package test

import (
	"bytes"
	"net"
	"slices"
	"strings"

	"github.com/linkspan/linkspan/wire/packet"
)

// oddity is an odd packet, of one or more frames, and whether all of them arrive, or none.
// They are known by a text.
type oddity struct {
	name    string
	frames  [][]byte
	arrives bool
	text    string
	// anyway: what is not tracked may arrive or not, by what is between two hosts.
	anyway bool
}

// telling returns how many of the frames have the text.
func (o *oddity) telling() (n int) {
	for _, frame := range o.frames {
		if bytes.Contains(frame, []byte(o.text)) {
			n++
		}
	}
	return n
}

// odd returns all odd packets. Where nothing is tracked, what an IP packet has behind its
// addresses is not looked at.
func (e *ends) odd(tracked bool) []oddity {
	return slices.Concat(e.oddFragments(tracked), e.oddHeaders(tracked), e.oddSegments(tracked), e.oddMessages(tracked), e.oddAddresses(), e.oddFrames(), e.oddARP())
}

// one makes an oddity of packets that a function makes of its text.
func (e *ends) one(name string, arrives bool, frames func(text string) [][]byte) oddity {
	text := e.text(name)
	return oddity{name: name, frames: frames(text), arrives: arrives, text: text}
}

// single is one of a single packet.
func (e *ends) single(name string, arrives bool, frame func(text string) []byte) oddity {
	return e.one(name, arrives, func(text string) [][]byte { return [][]byte{frame(text)} })
}

func (e *ends) oddFragments(tracked bool) []oddity {
	long := func(text string) []byte { return datagram(7000, strings.Repeat(text+" ", 2000/len(text))) }
	id := uint16(0x1000)
	next := func() uint16 { id++; return id }
	return []oddity{
		e.one("fragments", true, func(text string) [][]byte { return e.split(next(), packet.ProtoUDP, long(text), 1400, 0) }),
		e.one("fragments, the last first", true, func(text string) [][]byte {
			list := e.split(next(), packet.ProtoUDP, long(text), 1400, 0)
			slices.Reverse(list)
			return list
		}),
		e.one("a first fragment alone", !tracked, func(text string) [][]byte { return e.split(next(), packet.ProtoUDP, long(text), 1400, 0)[:1] }),
		e.one("a later fragment alone", !tracked, func(text string) [][]byte { return e.split(next(), packet.ProtoUDP, long(text), 1400, 0)[1:] }),
		e.one("fragments that overlap", !tracked, func(text string) [][]byte { return e.split(next(), packet.ProtoUDP, long(text), 1400, 8) }),
		e.one("small fragments", !tracked, func(text string) [][]byte { return e.split(next(), packet.ProtoUDP, long(text), 480, 0) }),
		e.one("a header in two fragments", !tracked, func(text string) [][]byte {
			body, p := e.segment(0x3000, 7000, packet.TCPSyn, text), ip{protocol: packet.ProtoTCP, id: next()}
			first, second := p, p
			first.body, first.fragment = body[:8], moreFragments
			second.body, second.fragment = body[8:], 1
			return [][]byte{e.ip(first), e.ip(second)}
		}),
		e.one("fragments to a port that policies close", !tracked, func(text string) [][]byte {
			body := long(text)
			body[3]++ // to port 7001
			return e.split(next(), packet.ProtoUDP, body, 1400, 0)
		}),
	}
}

func (e *ends) oddHeaders(tracked bool) []oddity {
	udp := func(name string, arrives bool, change func(p *ip)) oddity {
		return e.single(name, arrives, func(text string) []byte {
			p := ip{protocol: packet.ProtoUDP, body: datagram(7000, text)}
			change(&p)
			return e.ip(p)
		})
	}
	anyway := func(o oddity) oddity {
		o.anyway = !tracked
		return o
	}
	return []oddity{
		udp("a recorded route", true, func(p *ip) { p.options = []byte{7, 7, 4, 0, 0, 0, 0, 0} }),
		udp("a router alert", true, func(p *ip) { p.options = []byte{0x94, 4, 0, 0} }),
		udp("a loose source route", true, func(p *ip) { p.options = []byte{0x83, 7, 4, 10, 131, 0, 1, 0} }),
		udp("options without meaning", true, func(p *ip) { p.options = []byte{0xff, 0xff, 0xff, 0xff} }),
		udp("no time to live", false, func(p *ip) { p.ttl = -1 }),
		anyway(udp("a wrong checksum of the header", false, func(p *ip) { p.spoil = func(h []byte) { h[10]++ } })),
		anyway(udp("version 6", false, func(p *ip) { p.spoil = func(h []byte) { h[0] = 0x65 } })),
		udp("a wrong checksum of the datagram", !tracked, func(p *ip) { p.body[6], p.body[7] = 0x12, 0x34 }),
		udp("a datagram that says it is longer", !tracked, func(p *ip) { p.body[4]++ }),
		udp("longer than the frame", false, func(p *ip) { p.spoil = func(h []byte) { h[2]++ } }),
		udp("too short a header", false, func(p *ip) { p.spoil = func(h []byte) { h[0] = 0x44 } }),
	}
}

func (e *ends) oddSegments(tracked bool) (list []oddity) {
	const fin, syn, rst, psh, ack, urg = packet.TCPFin, packet.TCPSyn, packet.TCPRst, packet.TCPPsh, packet.TCPAck, packet.TCPUrg
	const low, high = 0x4000, 0x9000
	port := uint16(0)
	for _, c := range []struct {
		name    string
		flags   byte
		to      uint16
		arrives bool
	}{
		{"no flag", 0, 7000, !tracked},
		{"all flags", fin | syn | rst | psh | ack | urg, 7000, !tracked},
		{"FIN", fin, 7000, !tracked},
		{"FIN, PSH and URG", fin | psh | urg, 7000, !tracked},
		{"SYN and FIN", syn | fin, 7000, !tracked},
		{"SYN and RST", syn | rst, 7000, !tracked},
		{"SYN and ACK that answers nothing", syn | ack, 7000, !tracked},
		{"ACK without a connection", ack, 7000, true},
		{"FIN and ACK without a connection", fin | ack, 7000, true},
		{"RST without a connection", rst, 7000, true},
		{"ACK without a connection, from a low port", ack, 7000, !tracked},
		{"RST without a connection, from a low port", rst, 7000, !tracked},
		{"SYN with text", syn, 7000, true},
		{"ACK to a port that policies close", ack, 7001, !tracked},
		{"RST to a port that policies close", rst, 7001, !tracked},
		{"FIN and ACK to a port that policies close", fin | ack, 7001, !tracked},
	} {
		port++
		from := high + port
		if strings.HasSuffix(c.name, "from a low port") {
			from = low + port
		}
		list = append(list, e.single(c.name, c.arrives, func(text string) []byte {
			return e.ip(ip{protocol: packet.ProtoTCP, body: e.segment(from, c.to, c.flags, text)})
		}))
	}
	return append(list, e.single("a wrong checksum of the segment", !tracked, func(text string) []byte {
		body := e.segment(0x5000, 7000, syn, text)
		body[16]++
		return e.ip(ip{protocol: packet.ProtoTCP, body: body})
	}))
}

func (e *ends) oddMessages(tracked bool) []oddity {
	// What an error quotes: a packet of a connection that there never was.
	quote := e.ip(ip{src: e.dst, dst: e.src, protocol: packet.ProtoUDP, body: datagram(9999, "x")})[14:]
	about := func(name string, kind, code byte, quote []byte) oddity {
		return e.single(name, !tracked, func(text string) []byte {
			rest := append(append(make([]byte, 4), quote...), text...)
			if len(rest)%2 != 0 {
				rest = append(rest, 0)
			}
			return e.ip(ip{protocol: packet.ProtoICMP, body: icmp(kind, code, rest)})
		})
	}
	return []oddity{
		about("an error about no connection", 3, 3, quote),
		about("a redirect", 5, 1, quote),
		about("a source quench", 4, 0, quote),
		about("an answer to no echo", 0, 0, nil),
		about("ICMP of no known type", 200, 0, nil),
	}
}

func (e *ends) oddAddresses() (list []oddity) {
	everybody := net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	add := func(name string, p ip) {
		list = append(list, e.single(name, false, func(text string) []byte {
			p.protocol, p.body = packet.ProtoUDP, datagram(7000, text)
			return e.ip(p)
		}))
	}
	group := net.HardwareAddr{1, 0, 0x5e, 0, 0, 0xfb}
	add("to the gateway", ip{dst: net.IPv4(10, 131, 0, 1).To4()})
	add("to the network's last address", ip{dst: net.IPv4(10, 131, 0, 255).To4()})
	add("to the network's last address, as a broadcast", ip{dst: net.IPv4(10, 131, 0, 255).To4(), toMAC: everybody})
	add("to the network's first address", ip{dst: net.IPv4(10, 131, 0, 0).To4()})
	add("to everybody", ip{dst: net.IPv4bcast.To4(), toMAC: everybody})
	add("to everybody by the router", ip{dst: net.IPv4bcast.To4()})
	add("to a group", ip{dst: net.IPv4(224, 0, 0, 251).To4(), toMAC: group})
	add("to a group by the router", ip{dst: net.IPv4(239, 1, 2, 3).To4()})
	add("to the container in a broadcast", ip{toMAC: everybody})
	add("to the container in a multicast", ip{toMAC: group})
	add("to the container past the router", ip{toMAC: e.victim})
	add("to itself", ip{dst: e.src})
	add("to loopback", ip{dst: net.IPv4(127, 0, 0, 1).To4()})
	add("to no address", ip{dst: net.IPv4zero.To4()})
	add("from no address", ip{src: net.IPv4zero.To4()})
	add("from loopback", ip{src: net.IPv4(127, 0, 0, 1).To4()})
	add("from everybody", ip{src: net.IPv4bcast.To4()})
	add("from a group", ip{src: net.IPv4(224, 0, 0, 1).To4()})
	add("from whom it is to", ip{src: e.dst})
	return list
}

// oddFrames are no IPv4.
func (e *ends) oddFrames() (list []oddity) {
	everybody := net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	add := func(name string, to net.HardwareAddr, etherType uint16, before ...byte) {
		for at, mac := range map[string]net.HardwareAddr{"": to, " to the container": e.victim, " to the router": e.router} {
			list = append(list, e.single(name+at, false, func(text string) []byte {
				return e.frame(mac, etherType, append(slices.Clone(before), text...))
			}))
		}
	}
	add("a VLAN tag", everybody, packet.EtherTypeVLAN, 0, 5, 8, 0)
	add("a priority tag", everybody, packet.EtherTypeVLAN, 0xe0, 0, 8, 0)
	add("two tags", everybody, packet.EtherTypeQinQ, 0, 5, 0x81, 0, 0, 6, 8, 0)
	add("MPLS", everybody, 0x8847, 0, 1, 1, 64)
	add("PPPoE", everybody, 0x8864)
	add("LLDP", net.HardwareAddr{1, 0x80, 0xc2, 0, 0, 0x0e}, 0x88cc)
	add("spanning tree", net.HardwareAddr{1, 0x80, 0xc2, 0, 0, 0}, 38, 0x42, 0x42, 3)
	add("a pause", net.HardwareAddr{1, 0x80, 0xc2, 0, 0, 1}, 0x8808, 0, 1)
	add("a probe of direct paths", everybody, 0x88b5)
	add("reverse ARP", everybody, 0x8035)
	return list
}

// oddARP are lies, and what only routers and liars say.
func (e *ends) oddARP() (list []oddity) {
	everybody := net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	const asks, answers = 1, 2
	gateway := net.IPv4(10, 131, 0, 1).To4()
	add := func(name string, to net.HardwareAddr, op uint16, sha net.HardwareAddr, spa net.IP, tpa net.IP) {
		list = append(list, e.single(name, false, func(text string) []byte { return e.arp(to, op, sha, spa, to, tpa, text) }))
	}
	add("an answer nobody asked for", e.victim, answers, e.mac, e.src, e.dst)
	add("an answer as the gateway", e.victim, answers, e.mac, gateway, e.dst)
	add("an answer as the container, to everybody", everybody, answers, e.mac, e.dst, e.dst)
	add("an answer as itself, to everybody", everybody, answers, e.mac, e.src, e.src)
	add("a request as the gateway", everybody, asks, e.mac, gateway, e.dst)
	add("a request in another's name", everybody, asks, e.victim, e.src, e.dst)
	add("a request with the router's address", everybody, asks, e.router, e.src, e.dst)
	add("a request for itself", everybody, asks, e.mac, e.src, e.src)
	add("a request of nobody", everybody, asks, e.mac, net.IPv4zero.To4(), e.dst)
	add("a request", everybody, asks, e.mac, e.src, e.dst)
	add("a request for another network", everybody, asks, e.mac, e.src, net.IPv4(10, 132, 0, 1).To4())
	add("a request past the router", e.victim, asks, e.mac, e.src, e.dst)
	return list
}
