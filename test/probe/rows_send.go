// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/binary"
	"net"
	"time"

	"github.com/linkspan/linkspan/wire/packet"
)

// send sends a row's packet until it is answered, or the end.
func (p *party) send(end <-chan struct{}, r row) {
	switch r.protocol {
	case packet.ProtoTCP:
		p.sendTCP(end, r)
	case packet.ProtoUDP:
		p.sendUDP(end, r)
	case packet.ProtoICMP:
		p.sendRaw(end, r, query(r))
	case packet.ProtoSCTP:
		p.sendRaw(end, r, chunk(r))
	default:
		p.sendRaw(end, r, token(r.number, asks))
	}
}

// sendTCP opens a connection; the kernel asks again by itself.
func (p *party) sendTCP(end <-chan struct{}, r row) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-end:
			cancel()
		case <-ctx.Done():
		}
	}()
	d := net.Dialer{LocalAddr: &net.TCPAddr{Port: firstPort + int(r.number)}}
	c, err := d.DialContext(ctx, "tcp4", net.JoinHostPort(r.to.String(), itoa(r.port)))
	if err != nil {
		return // what was rejected is seen on the wire
	}
	_ = c.(*net.TCPConn).SetLinger(0) // nothing is left of it
	_ = c.Close()
	p.say(r.number, "answered")
}

func (p *party) sendUDP(end <-chan struct{}, r row) {
	d := net.Dialer{LocalAddr: &net.UDPAddr{Port: firstPort + int(r.number)}}
	c, err := d.Dial("udp4", net.JoinHostPort(r.to.String(), itoa(r.port)))
	if err != nil {
		return
	}
	defer c.Close()
	repeat(end, func() bool {
		_, _ = c.Write(token(r.number, asks)) // an error is of an earlier one
		_ = c.SetReadDeadline(time.Now().Add(again / 2))
		_, err := c.Read(make([]byte, 100))
		if err == nil {
			p.say(r.number, "answered")
		}
		return err == nil
	})
}

// sendRaw sends by a raw socket; what is answered is seen on the wire.
func (p *party) sendRaw(end <-chan struct{}, r row, body []byte) {
	c, err := p.socket(r.protocol)
	if err != nil {
		return
	}
	repeat(end, func() bool {
		_, _ = c.WriteTo(body, &net.IPAddr{IP: r.to.AsSlice()}) // it is said again
		return false
	})
}

// socket returns the raw socket of a protocol.
func (p *party) socket(protocol uint8) (net.PacketConn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.raw[protocol]; c != nil {
		return c, nil
	}
	c, err := net.ListenPacket("ip4:"+itoa(uint16(protocol)), "0.0.0.0")
	if err == nil {
		p.raw[protocol] = c
	}
	return c, err
}

// The last letter of a token.
const asks, answers = 'q', 'a'

// tokenLength is as much as any ICMP error quotes of what follows the header (RFC 792).
const tokenLength = 8

// token is what a packet without ports tells its row by.
func token(number uint16, kind byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte("row"), number), kind, 0, 0)
}

// untoken reads it.
func untoken(b []byte) (number uint16, kind byte, ok bool) {
	if len(b) < tokenLength || string(b[:3]) != "row" {
		return 0, 0, false
	}
	return binary.BigEndian.Uint16(b[3:]), b[5], true
}

// query is an ICMP message that is answered: an echo or a timestamp (RFC 792).
func query(r row) []byte {
	b := binary.BigEndian.AppendUint16([]byte{byte(r.port), 0, 0, 0}, r.number)
	b = append(b, make([]byte, 14)...)
	binary.BigEndian.PutUint16(b[2:], packet.Checksum(b))
	return b
}

// chunk is what goes for SCTP: its common header (RFC 9260, 3.1) and a token.
func chunk(r row) []byte {
	b := binary.BigEndian.AppendUint16(nil, firstPort+r.number)
	b = binary.BigEndian.AppendUint16(b, r.port)
	return append(append(b, make([]byte, 8)...), token(r.number, asks)...)
}
