// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/ovs/netns"
)

// patience is how long a packet may be away before it is lost.
const patience = time.Second

// prober sends echo requests (RFC 792) from a namespace; the far end's kernel
// answers them.
type prober struct {
	socket int
	id     uint16
	number uint16
}

// newProber opens a socket in the namespace at a path. The caller closes it.
func newProber(path string, id uint16) (*prober, error) {
	space, err := netns.Open(path)
	if err != nil {
		return nil, err
	}
	defer space.Close()
	p := &prober{id: id}
	err = space.Do(func() (err error) {
		p.socket, err = unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMP)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("raw socket in %s: %w", path, err)
	}
	limit := unix.NsecToTimeval(patience.Nanoseconds())
	if err := unix.SetsockoptTimeval(p.socket, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *prober) close() error { return unix.Close(p.socket) }

// echo sends a request and returns the time to its answer. The thread itself
// waits in the kernel, so that no scheduler but the kernel's wakes it.
func (p *prober) echo(to netip.Addr) (time.Duration, error) {
	p.number++
	request := p.request()
	began := time.Now()
	if err := unix.Sendto(p.socket, request, 0, &unix.SockaddrInet4{Addr: to.As4()}); err != nil {
		return 0, fmt.Errorf("send to %s: %w", to, err)
	}
	var b [256]byte
	for time.Since(began) < patience {
		n, _, err := unix.Recvfrom(p.socket, b[:], 0)
		took := time.Since(began)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			return 0, lost(to)
		case err != nil:
			return 0, fmt.Errorf("receive from %s: %w", to, err)
		case p.answers(b[:n]):
			return took, nil
		}
	}
	return 0, lost(to)
}

// errLost is never changed.
var errLost = errors.New("no answer within " + patience.String())

func lost(to netip.Addr) error { return fmt.Errorf("%s: %w", to, errLost) }

// The lengths and types of what is sent and read.
const (
	headerIP    = 20
	headerICMP  = 8
	echoReply   = 0
	echoRequest = 8
)

func (p *prober) request() []byte {
	b := make([]byte, headerICMP+56)
	b[0] = echoRequest
	binary.BigEndian.PutUint16(b[4:], p.id)
	binary.BigEndian.PutUint16(b[6:], p.number)
	binary.BigEndian.PutUint16(b[2:], checksum(b))
	return b
}

// answers says whether a packet answers the last request.
func (p *prober) answers(b []byte) bool {
	if len(b) < headerIP+headerICMP || b[0] != 0x45 {
		return false
	}
	b = b[headerIP:]
	return b[0] == echoReply && binary.BigEndian.Uint16(b[4:]) == p.id && binary.BigEndian.Uint16(b[6:]) == p.number
}

// checksum is the Internet checksum (RFC 1071) of an even number of bytes.
func checksum(b []byte) uint16 {
	var sum uint32
	for ; len(b) >= 2; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
