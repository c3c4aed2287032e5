// SPDX-License-Identifier: Apache-2.0

package ofload

import (
	"bytes"
	"encoding/binary"

	"github.com/linkspan/linkspan/wire/openflow"
)

// Echo answers as a controller of one chassis would, without looking anything
// up: it puts the packet's addresses into two flows made beforehand and sends
// the packet out of the port that its destination's last 12 bits name. Its hosts must have been numbered so, see EchoPort. Sessions may share it.
func Echo() func(b []byte, in *openflow.PacketIn) []byte {
	there, back, out := stencil(), stencil(), outStencil()
	return func(b []byte, in *openflow.PacketIn) []byte {
		if len(in.Data) < shortHead {
			return b
		}
		src, dst := in.Data[26:30], in.Data[30:34]
		b = there.flow(b, src, dst)
		b = back.flow(b, dst, src)
		start := len(b)
		b = append(append(b, out.message...), in.Data...)
		binary.BigEndian.PutUint16(b[start+2:], uint16(len(b)-start))
		binary.BigEndian.PutUint32(b[start+12:], in.Match.InPort())
		binary.BigEndian.PutUint16(b[start+out.port+2:], EchoPort([4]byte(dst)))
		return b
	}
}

// EchoPort returns the port that Echo takes a host to have.
func EchoPort(addr [4]byte) uint16 { return binary.BigEndian.Uint16(addr[2:]) & 0xfff }

// cut is a message with places to fill in.
type cut struct {
	message        []byte
	src, dst, port int
}

// Values that are found again in a stencil.
const (
	markSrc  = 0xf1f2f3f4
	markDst  = 0xe1e2e3e4
	markPort = 0x0000d1d2
)

// stencil is the flow of a pair.
func stencil() cut {
	var m openflow.Match
	m.EthType(0x0800).Uint(openflow.FieldIPv4Src, markSrc).Uint(openflow.FieldIPv4Dst, markDst)
	acts := openflow.Actions(nil).SetMAC(openflow.FieldEthDst, openflow.MAC{2}).Output(markPort, 0)
	flow := openflow.FlowMod{
		Priority: 1, IdleTimeout: 30, Match: m.View(), Instructions: openflow.Instructions(nil).Apply(acts),
	}
	c := cut{message: flow.Append(nil, 0)}
	c.src, c.dst, c.port = c.find(markSrc), c.find(markDst), c.find(markPort)
	return c
}

// outStencil is a PacketOut without its packet.
func outStencil() cut {
	acts := openflow.Actions(nil).SetMAC(openflow.FieldEthDst, openflow.MAC{2}).Output(markPort, 0)
	c := cut{message: (&openflow.PacketOut{InPort: 1, Actions: acts}).Append(nil, 0)}
	c.port = c.find(markPort)
	return c
}

func (c *cut) find(mark uint32) int {
	return bytes.Index(c.message, binary.BigEndian.AppendUint32(nil, mark))
}

// flow appends the flow from src to dst.
func (c *cut) flow(b, src, dst []byte) []byte {
	start := len(b)
	b = append(b, c.message...)
	copy(b[start+c.src:], src)
	copy(b[start+c.dst:], dst)
	binary.BigEndian.PutUint16(b[start+c.port+2:], EchoPort([4]byte(dst)))
	return b
}
