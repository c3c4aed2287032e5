// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Stencil holds the messages that plug the legs of a route, encoded once, with
// holes where legs differ: plugging is most of what a controller does, and to
// fill the holes takes a quarter of the time of encoding. It does not change
// after its making and may be used by all sessions at once.
type Stencil struct{ v4, v6 cuts }

// cuts are the messages for one address family.
type cuts struct{ local, tunnel, direct, arrive cut }

// NewStencil encodes the messages.
func NewStencil() *Stencil { return &Stencil{newCuts(sampleAddress4), newCuts(sampleAddress6)} }

func newCuts(address func(last byte) netip.Addr) cuts {
	const here, there = 0x5152, 0x5354
	return cuts{
		local:  newCut(sample(address, linkspan.Local, here, here, here)),
		tunnel: newCut(sample(address, linkspan.Tunnel, here, there, here)),
		direct: newCut(sample(address, linkspan.Direct, here, there, here)),
		arrive: newCut(sample(address, linkspan.Tunnel, there, here, here)),
	}
}

// AppendRoute appends the messages that plug both directions of a route on one
// of its chassis, the given direction first.
func (s *Stencil) AppendRoute(b []byte, xid uint32, r Round, leg Leg) []byte {
	cookie := leg.cookie(KindRoute, r)
	if leg.Outside.IsValid() { // a prefix fits no hole; one such route is for many
		b = leg.append(b, xid, cookie.By(leg.Policy))
		leg = leg.back()
		return leg.append(b, xid, cookie.By(leg.Policy))
	}
	b = s.of(&leg).append(b, xid, cookie.By(leg.Policy), &leg)
	leg = leg.back()
	return s.of(&leg).append(b, xid, cookie.By(leg.Policy), &leg)
}

func (s *Stencil) of(l *Leg) *cut {
	c := &s.v4
	if l.From.Address.Is6() {
		c = &s.v6
	}
	switch {
	case l.local():
		return &c.local
	case l.arrives():
		return &c.arrive
	case l.Transport == linkspan.Direct:
		return &c.direct
	}
	return &c.tunnel
}

// cut is one encoded message and where its holes are; nowhere when it has none
// of a kind.
type cut struct {
	message                          []byte
	cookie, idle, network, sender    int
	src, dst, ethSrc, ethDst, output int
	mark                             int
}

const nowhere = -1

// The values that stand in the holes of a sample, no two alike in any four
// bytes of a message.
const (
	sampleCookie  = 0xc1c2c3c4c5c6c7c8
	sampleIdle    = 0xd1d2
	sampleNetwork = 0xa1b2c3
	samplePort    = 0xe1e2
)

func sampleAddress4(last byte) netip.Addr { return netip.AddrFrom4([4]byte{0x91, 0x92, 0x93, last}) }

func sampleAddress6(last byte) netip.Addr {
	return netip.AddrFrom16([16]byte{0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, last})
}

// sample is a leg whose fields can be found again in its message.
func sample(address func(last byte) netip.Addr, by linkspan.Transport, from, to, on linkspan.ChassisID) *Leg {
	end := func(last byte, c linkspan.ChassisID) *linkspan.Endpoint {
		return &linkspan.Endpoint{
			Address: address(last), Chassis: c, Port: samplePort,
			MAC: linkspan.MAC{0x82, 0x83, 0x84, 0x85, 0x86, last},
		}
	}
	network := &linkspan.Network{ID: sampleNetwork, Idle: sampleIdle * linkspan.MinIdle}
	return &Leg{Network: network, ToNetwork: network, From: end(0x71, from), To: end(0x72, to), Transport: by, On: on}
}

// newCut encodes a sample and finds its holes.
func newCut(l *Leg) cut {
	c := cut{message: l.append(nil, 0, sampleCookie), sender: nowhere, ethSrc: nowhere, output: nowhere}
	find := func(value []byte) int {
		at := bytes.Index(c.message, value)
		if at < 0 || bytes.LastIndex(c.message, value) != at {
			panic(fmt.Sprintf("a sample's %x does not stand exactly once in its message", value))
		}
		return at
	}
	c.mark = find(l.mark(KindRoute, Whole).append(nil))
	c.cookie = find(binary.BigEndian.AppendUint64(nil, sampleCookie))
	c.idle = find(binary.BigEndian.AppendUint16(nil, sampleIdle))
	c.network = find(binary.BigEndian.AppendUint32(nil, sampleNetwork))
	c.src, c.dst = find(l.From.Address.AsSlice()), find(l.To.Address.AsSlice())
	if l.arrives() {
		c.sender = find(binary.BigEndian.AppendUint32(nil, uint32(l.From.Chassis)))
	}
	if l.To.Chassis == l.On {
		c.ethDst = find(l.To.MAC[:])
		c.output = find(binary.BigEndian.AppendUint32(nil, samplePort))
		return c
	}
	ethSrc, ethDst, _ := l.leave()
	c.ethSrc, c.ethDst = find(ethSrc[:]), find(ethDst[:])
	return c
}

// append appends the message for a leg of the same kind.
func (c *cut) append(b []byte, xid uint32, cookie Cookie, l *Leg) []byte {
	start := len(b)
	b = append(b, c.message...)
	m := b[start:]
	binary.BigEndian.PutUint32(m[xidAt:], xid)
	binary.BigEndian.PutUint64(m[c.cookie:], uint64(cookie))
	binary.BigEndian.PutUint16(m[c.idle:], l.idle())
	binary.BigEndian.PutUint32(m[c.network:], uint32(l.register()))
	putAddress(m[c.src:], l.From.Address)
	putAddress(m[c.dst:], l.To.Address)
	if c.sender != nowhere {
		binary.BigEndian.PutUint32(m[c.sender:], uint32(l.From.Chassis))
	}
	l.mark(KindRoute, Whole).append(openflow.Actions(m[c.mark:c.mark]))
	if c.output != nowhere {
		copy(m[c.ethDst:], l.To.MAC[:])
		binary.BigEndian.PutUint32(m[c.output:], l.To.Out())
		return b
	}
	ethSrc, ethDst, _ := l.leave()
	copy(m[c.ethSrc:], ethSrc[:])
	copy(m[c.ethDst:], ethDst[:])
	return b
}

// putAddress writes an address without allocating.
func putAddress(to []byte, a netip.Addr) {
	if a.Is4() {
		b := a.As4()
		copy(to, b[:])
		return
	}
	b := a.As16()
	copy(to, b[:])
}

// xidAt is where the transaction id stands (OpenFlow 1.3.5, 7.1.1).
const xidAt = 4
