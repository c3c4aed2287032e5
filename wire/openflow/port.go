// SPDX-License-Identifier: Apache-2.0

package openflow

import "bytes"

// PortState bits (spec 7.2.1, ofp_port_state) and the one PortConfig bit that
// switches it off.
const (
	PortConfigDown   uint32 = 1 << 0
	PortStateDown    uint32 = 1 << 0 // no carrier
	PortStateBlocked uint32 = 1 << 1
	PortStateLive    uint32 = 1 << 2
)

// Port describes a port (spec 7.2.1).
type Port struct {
	Number     uint32
	HWAddr     MAC
	RawName    [16]byte // ends with zero bytes
	Config     uint32
	State      uint32
	Current    uint32 // features, as the three below
	Advertised uint32
	Supported  uint32
	Peer       uint32
	CurrSpeed  uint32 // kbit/s
	MaxSpeed   uint32 // kbit/s
}

// portLen is the length in bytes of a port.
const portLen = 64

// Name returns the name of the interface.
func (p *Port) Name() string {
	name, _, _ := bytes.Cut(p.RawName[:], []byte{0})
	return string(name)
}

// SetName stores at most 15 bytes of a name.
func (p *Port) SetName(name string) {
	p.RawName = [16]byte{}
	copy(p.RawName[:15], name)
}

// Append appends the structure.
func (p *Port) Append(b []byte) []byte {
	b = appendZero(a32(b, p.Number), 4)
	b = appendZero(append(b, p.HWAddr[:]...), 2)
	b = append(b, p.RawName[:]...)
	b = a32(a32(a32(b, p.Config), p.State), p.Current)
	b = a32(a32(a32(b, p.Advertised), p.Supported), p.Peer)
	return a32(a32(b, p.CurrSpeed), p.MaxSpeed)
}

// Next takes a port off b, the body of a port description.
func (p *Port) Next(b []byte) (rest []byte, err error) {
	if len(b) < portLen {
		return nil, ErrTruncated
	}
	*p = Port{
		Number: u32(b, 0), HWAddr: MAC(b[8:14]), RawName: [16]byte(b[16:32]),
		Config: u32(b, 32), State: u32(b, 36), Current: u32(b, 40),
		Advertised: u32(b, 44), Supported: u32(b, 48), Peer: u32(b, 52),
		CurrSpeed: u32(b, 56), MaxSpeed: u32(b, 60),
	}
	return b[portLen:], nil
}
