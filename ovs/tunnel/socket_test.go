// SPDX-License-Identifier: Apache-2.0

package tunnel_test

import (
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// tap is a packet socket on a link, as a userspace datapath has it.
type tap struct{ fd, index int }

func openTap(link string) (*tap, error) {
	ifi, err := net.InterfaceByName(link)
	if err != nil {
		return nil, err
	}
	const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, all)
	if err != nil {
		return nil, err
	}
	err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: ifi.Index})
	wait := unix.NsecToTimeval(int64(100 * time.Millisecond))
	err = errors.Join(err, unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait))
	return &tap{fd, ifi.Index}, err
}

func (p *tap) close() { _ = unix.Close(p.fd) }

func (p *tap) write(frame []byte) error {
	return unix.Sendto(p.fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: p.index, Halen: 6})
}

// await returns nil when a frame with that payload arrives within the limit.
func (p *tap) await(payload string, limit time.Duration) error {
	buf := make([]byte, 2048)
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); {
		n, err := unix.Read(p.fd, buf)
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		if n > 14 && string(buf[14:n]) == payload {
			return nil
		}
	}
	return fmt.Errorf("no frame %q within %v", payload, limit)
}
