// SPDX-License-Identifier: Apache-2.0

package tunnel_test

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/tunnel"
)

// The filter sees fragments of IPv6 before they are put together.
func TestAFragmentWithoutTheSenderIsDropped(t *testing.T) {
	a, b := pair(t, true)
	tb := b.ensure(tunnel.Config{})
	b.do(func() error { return tb.AddPeer(t.Context(), tunnel.Peer{MAC: a.mac, Underlay: a.addr}) })
	var to *tap
	b.do(func() (err error) { to, err = openTap("lsvx"); return err })
	defer to.close()
	third := linkspan.ChassisID(3).TunnelMAC()
	for i, c := range []struct {
		payload string
		sender  linkspan.MAC
		first   int // bytes of the datagram in the first fragment
		dropped uint64
	}{
		{"whole headers", a.mac, 32, 0},
		{"whole headers of another", third, 32, 1},
		{"no inner header", third, 16, 2},
		{"no sender", third, 24, 3},
		{"a short one of its own", a.mac, 24, 4},
	} {
		datagram := udp6(a.addr, b.addr, wrapped(7000, frame(b.mac, c.sender, c.payload)))
		a.do(func() error {
			return errors.Join(fragment(a.addr, b.addr, uint32(i), datagram, 0, c.first),
				fragment(a.addr, b.addr, uint32(i), datagram, c.first, len(datagram)))
		})
		if c.dropped == 0 {
			must(t, to.await(c.payload, patience))
		}
		b.dropped(tb, c.dropped)
	}
}

// udp6 is a UDP datagram to the tunnel's port with its checksum (RFC 768, RFC
// 8200 section 8.1).
func udp6(from, to netip.Addr, data []byte) []byte {
	d := binary.BigEndian.AppendUint16([]byte{0xc0, 0, 4790 >> 8, 4790 & 0xff}, uint16(8+len(data)))
	d = append(append(d, 0, 0), data...)
	pseudo := append(append(from.AsSlice(), to.AsSlice()...), 0, 0, byte(len(d)>>8), byte(len(d)), 0, 0, 0, unix.IPPROTO_UDP)
	var sum uint32
	for i, v := range append(pseudo, d...) {
		sum += uint32(v) << (8 * (1 - i%2))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(d[6:], ^uint16(sum))
	return d
}

// fragment sends the bytes from start to end of an IPv6 packet's payload (RFC
// 8200, section 4.5).
func fragment(from, to netip.Addr, id uint32, payload []byte, start, end int) error {
	const header, hopLimit = 8, 64
	p := binary.BigEndian.AppendUint16([]byte{0x60, 0, 0, 0}, uint16(header+end-start))
	p = append(p, unix.IPPROTO_FRAGMENT, hopLimit)
	p = append(append(p, from.AsSlice()...), to.AsSlice()...)
	place := uint16(start)
	if end < len(payload) {
		place |= 1 // more follow
	}
	p = binary.BigEndian.AppendUint16(append(p, unix.IPPROTO_UDP, 0), place)
	p = append(binary.BigEndian.AppendUint32(p, id), payload[start:end]...)
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err != nil {
		return err
	}
	return errors.Join(unix.Sendto(fd, p, 0, &unix.SockaddrInet6{Addr: to.As16()}), unix.Close(fd))
}
