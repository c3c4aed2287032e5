// SPDX-License-Identifier: Apache-2.0

package packet

import "net/netip"

// ARP operations (RFC 826).
const (
	ARPRequest uint16 = 1
	ARPReply   uint16 = 2
)

// arpLen is the length in bytes of ARP for IPv4 over Ethernet.
const arpLen = 28

// parseARP accepts ARP for IPv4 over Ethernet (RFC 826).
func (p *Packet) parseARP() error {
	if p.left(p.l3) < arpLen {
		return ErrARP
	}
	h := p.frame[p.l3:]
	if p.u16(p.l3) != 1 || p.u16(p.l3+2) != EtherTypeIPv4 || h[4] != 6 || h[5] != 4 {
		return ErrARP
	}
	p.end = p.l3 + arpLen
	p.layers |= LayerARP
	return nil
}

// ARPOp returns the operation, 0 if the frame is no ARP.
func (p *Packet) ARPOp() uint16 {
	if !p.IsARP() {
		return 0
	}
	return p.u16(p.l3 + 6)
}

// ARPSHA returns the sender's hardware address.
func (p *Packet) ARPSHA() MAC {
	if !p.IsARP() {
		return MAC{}
	}
	return p.mac(int(p.l3) + 8)
}

// ARPTHA returns the target's hardware address.
func (p *Packet) ARPTHA() MAC {
	if !p.IsARP() {
		return MAC{}
	}
	return p.mac(int(p.l3) + 18)
}

// ARP is what AppendARP writes.
type ARP struct {
	EthSrc, EthDst       MAC
	Op                   uint16
	SenderMAC, TargetMAC MAC
	Sender, Target       netip.Addr // IPv4
}

// AppendARP appends a frame of 42 bytes. Addresses that are not IPv4 are
// written as 0.0.0.0.
func AppendARP(b []byte, a *ARP) []byte {
	b = appendEthernet(b, a.EthDst, a.EthSrc, EtherTypeARP)
	b = append(b, 0, 1, 8, 0, 6, 4, byte(a.Op>>8), byte(a.Op))
	b = appendIPv4(append(b, a.SenderMAC[:]...), a.Sender)
	return appendIPv4(append(b, a.TargetMAC[:]...), a.Target)
}

// AppendARPReply appends the answer to request that says its target address is
// at mac.
func AppendARPReply(b []byte, request *Packet, mac MAC) []byte {
	return AppendARP(b, &ARP{
		EthSrc: mac, EthDst: request.EthSrc(), Op: ARPReply,
		SenderMAC: mac, Sender: request.Dst(),
		TargetMAC: request.ARPSHA(), Target: request.Src(),
	})
}

// AppendARPRequest appends a broadcast question for target.
func AppendARPRequest(b []byte, mac MAC, sender, target netip.Addr) []byte {
	return AppendARP(b, &ARP{
		EthSrc: mac, EthDst: Broadcast(), Op: ARPRequest,
		SenderMAC: mac, Sender: sender, Target: target,
	})
}

// appendIPv4 appends four bytes.
func appendIPv4(b []byte, a netip.Addr) []byte {
	var v [4]byte
	if a.Is4() {
		v = a.As4()
	}
	return append(b, v[:]...)
}

// appendEthernet appends an untagged Ethernet header.
func appendEthernet(b []byte, dst, src MAC, t uint16) []byte {
	b = append(append(b, dst[:]...), src[:]...)
	return append(b, byte(t>>8), byte(t))
}
