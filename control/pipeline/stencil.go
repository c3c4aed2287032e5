// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/linkspan/linkspan"
)

// Stencil holds the messages that plug the legs of a route, encoded once, with
// holes where legs differ: plugging is most of what a controller does, and to
// fill the holes takes a quarter of the time of encoding. It does not change
// after its making and may be used by all sessions at once.
type Stencil struct{ local, tunnel, direct, arrive cut }

// NewStencil encodes the messages.
func NewStencil() *Stencil {
	const here, there = 0x5152, 0x5354
	return &Stencil{
		local:  newCut(sample(linkspan.Local, here, here, here)),
		tunnel: newCut(sample(linkspan.Tunnel, here, there, here)),
		direct: newCut(sample(linkspan.Direct, here, there, here)),
		arrive: newCut(sample(linkspan.Tunnel, there, here, here)),
	}
}

// AppendRoute appends the messages that plug both directions of a route on one
// of its chassis, the given direction first.
func (s *Stencil) AppendRoute(b []byte, xid uint32, r Round, leg Leg) []byte {
	cookie := leg.cookie(r)
	b = s.of(&leg).append(b, xid, cookie, &leg)
	leg = leg.back()
	return s.of(&leg).append(b, xid, cookie, &leg)
}

func (s *Stencil) of(l *Leg) *cut {
	switch {
	case l.local():
		return &s.local
	case l.arrives():
		return &s.arrive
	case l.Transport == linkspan.Direct:
		return &s.direct
	}
	return &s.tunnel
}

// cut is one encoded message and where its holes are; nowhere when it has none
// of a kind.
type cut struct {
	message                          []byte
	cookie, idle, network, sender    int
	src, dst, ethSrc, ethDst, output int
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

// sample is a leg whose fields can be found again in its message.
func sample(by linkspan.Transport, from, to, on linkspan.ChassisID) *Leg {
	end := func(last byte, c linkspan.ChassisID) *linkspan.Endpoint {
		return &linkspan.Endpoint{
			Address: netip.AddrFrom4([4]byte{0x91, 0x92, 0x93, last}), Chassis: c, Port: samplePort,
			MAC: linkspan.MAC{0x82, 0x83, 0x84, 0x85, 0x86, last},
		}
	}
	network := &linkspan.Network{ID: sampleNetwork, Idle: sampleIdle * linkspan.MinIdle}
	return &Leg{network, network, end(0x71, from), end(0x72, to), by, on}
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
	src, dst := l.From.Address.As4(), l.To.Address.As4()
	c.cookie = find(binary.BigEndian.AppendUint64(nil, sampleCookie))
	c.idle = find(binary.BigEndian.AppendUint16(nil, sampleIdle))
	c.network = find(binary.BigEndian.AppendUint32(nil, sampleNetwork))
	c.src, c.dst = find(src[:]), find(dst[:])
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
	src, dst := l.From.Address.As4(), l.To.Address.As4()
	copy(m[c.src:], src[:])
	copy(m[c.dst:], dst[:])
	if c.sender != nowhere {
		binary.BigEndian.PutUint32(m[c.sender:], uint32(l.From.Chassis))
	}
	if c.output != nowhere {
		copy(m[c.ethDst:], l.To.MAC[:])
		binary.BigEndian.PutUint32(m[c.output:], l.To.Port)
		return b
	}
	ethSrc, ethDst, _ := l.leave()
	copy(m[c.ethSrc:], ethSrc[:])
	copy(m[c.ethDst:], ethDst[:])
	return b
}

// xidAt is where the transaction id stands (OpenFlow 1.3.5, 7.1.1).
const xidAt = 4
