// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
)

// hold is a socket bound to a published port, so that the kernel gives it to
// nobody else and tells whether somebody has it. Packets do not reach it: they
// are translated before.
type hold struct{ socket io.Closer }

func (h hold) close() {
	if h.socket != nil {
		_ = h.socket.Close() // nothing was ever written
	}
}

// Take binds the port, which may be 0 for one that the kernel chooses, so that nobody
// else on the host has it. The error has code InUse when somebody has.
func (b *Binding) Take() error {
	socket, port, err := bind(b.Proto, b.Host)
	if errors.Is(err, unix.EADDRINUSE) {
		return &linkspan.Error{
			Code: linkspan.InUse, Message: fmt.Sprintf("Bind for %s failed: port is already allocated", b.Host), Err: err,
			Hint: "publish another port, or stop what uses this one",
		}
	}
	if errors.Is(err, unix.EADDRNOTAVAIL) {
		return &linkspan.Error{
			Code: linkspan.Invalid, Message: fmt.Sprintf("the host has no address %s", b.Host.Addr()), Err: err,
			Hint: "publish on an address of the host, or leave it out",
		}
	}
	if err != nil {
		return fmt.Errorf("take port %s: %w", b.Host, err)
	}
	b.held = hold{socket}
	b.Host = netip.AddrPortFrom(b.Host.Addr(), port)
	return nil
}

func bind(proto uint8, at netip.AddrPort) (io.Closer, uint16, error) {
	version := "4"
	if at.Addr().Is6() {
		version = "6"
	}
	switch proto {
	case unix.IPPROTO_TCP:
		l, err := net.ListenTCP("tcp"+version, net.TCPAddrFromAddrPort(at))
		if err != nil {
			return nil, 0, err
		}
		return l, l.Addr().(*net.TCPAddr).AddrPort().Port(), nil
	case unix.IPPROTO_UDP:
		c, err := net.ListenUDP("udp"+version, net.UDPAddrFromAddrPort(at))
		if err != nil {
			return nil, 0, err
		}
		return c, c.LocalAddr().(*net.UDPAddr).AddrPort().Port(), nil
	case unix.IPPROTO_SCTP: // its module is loaded for the translation only
		if at.Port() == 0 {
			return nil, 0, &linkspan.Error{Code: linkspan.Invalid, Message: "a port of SCTP is not chosen", Hint: "give the host's port"}
		}
		return nil, at.Port(), nil
	}
	return nil, 0, &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("protocol %d has no ports to publish", proto)}
}
