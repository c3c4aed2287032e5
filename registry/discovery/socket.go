// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
)

// port and group are those of multicast DNS (RFC 6762, 3).
const port = 5353

func group() *net.UDPAddr { return &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251), Port: port} }

// Interface is one of this host, with an address of its own.
type Interface struct {
	Index   int
	Name    string
	Address netip.Addr
}

// Interfaces returns the interfaces that multicast works on and that have an IPv4 address
// in one of the subnets; in any, if there are none.
func Interfaces(subnets []netip.Prefix) ([]Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var out []Interface
	for _, i := range all {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagMulticast == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addresses, err := i.Addrs()
		if err != nil {
			continue // it has gone meanwhile
		}
		for _, a := range addresses {
			p, err := netip.ParsePrefix(a.String())
			if err == nil && p.Addr().Is4() && within(p.Addr(), subnets) {
				out = append(out, Interface{i.Index, i.Name, p.Addr()})
				break
			}
		}
	}
	return out, nil
}

func within(a netip.Addr, subnets []netip.Prefix) bool {
	for _, p := range subnets {
		if p.Contains(a) {
			return true
		}
	}
	return len(subnets) == 0
}

// listen opens a socket. Beside others at the port of multicast DNS, if shared.
func listen(ctx context.Context, address string, shared bool) (*ipv4.PacketConn, error) {
	var l net.ListenConfig
	if shared {
		l.Control = share
	}
	conn, err := l.ListenPacket(ctx, "udp4", address)
	if err != nil {
		return nil, err
	}
	p := ipv4.NewPacketConn(conn)
	return p, errors.Join(p.SetControlMessage(ipv4.FlagInterface, true), p.SetMulticastLoopback(true), p.SetMulticastTTL(255))
}

func share(_, _ string, raw syscall.RawConn) (err error) {
	failed := raw.Control(func(fd uintptr) {
		err = errors.Join(
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
	})
	return errors.Join(failed, err)
}

// join joins the group on each interface, on one at least.
func join(p *ipv4.PacketConn, on []Interface) error {
	var errs []error
	for _, i := range on {
		if err := p.JoinGroup(&net.Interface{Index: i.Index, Name: i.Name}, group()); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) == len(on) {
		return &linkspan.Error{Code: linkspan.Unavailable, Message: "there is no interface with IPv4 that multicast works on", Err: errors.Join(errs...)}
	}
	return nil
}

// send sends a message to all on one interface.
func send(p *ipv4.PacketConn, message []byte, on Interface) error {
	_, err := p.WriteTo(message, &ipv4.ControlMessage{IfIndex: on.Index}, group())
	return err
}
