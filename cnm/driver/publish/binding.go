// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// Binding is one published port in one address family.
type Binding struct {
	Proto     uint8          // IP protocol
	Host      netip.AddrPort // where it is published; the address may be unspecified
	Container netip.AddrPort // to what it is translated
	Routed    bool           // reached by the container's own address, so that the host's port stays free

	held hold // keeps others on the host from the port
}

// Taken says whether the host's port is held by this process.
func (b *Binding) Taken() bool { return b.held.socket != nil }

// LetGo gives ports back.
func LetGo(bindings []Binding) {
	for _, b := range slices.Backward(bindings) {
		b.held.close()
	}
}

// Take takes the host's ports that are wished for, all or none. Bindings returns what a
// wish is in the families that it can be published in. Of a wish with several ports the
// first that is free is taken; of one with port 0 the kernel chooses. The ports returned
// say which, and where: one for each binding, at its address of the host.
func Take(wishes []cnm.PortMap, bindings func(cnm.PortMap) []Binding) (ports []cnm.PortMap, taken []Binding, err error) {
	for _, wish := range wishes {
		more, err := takeOne(wish, bindings)
		if err != nil {
			LetGo(taken)
			return nil, nil, err
		}
		taken = append(taken, more...)
	}
	for i := range taken {
		ports = append(ports, taken[i].portMap())
	}
	return ports, taken, nil
}

// portMap is the binding as a port that is published at one address.
func (b *Binding) portMap() cnm.PortMap {
	return cnm.PortMap{Proto: b.Proto, Port: b.Container.Port(), HostIP: b.Host.Addr().String(), HostPort: b.Host.Port(), HostPortEnd: b.Host.Port()}
}

// takeOne tries the ports of the wish's range in order, or lets the kernel
// choose.
func takeOne(wish cnm.PortMap, bindings func(cnm.PortMap) []Binding) ([]Binding, error) {
	last := max(wish.HostPort, wish.HostPortEnd)
	for port := wish.HostPort; ; port++ {
		try := wish
		try.HostPort = port
		taken, err := takeAll(try, bindings(try))
		if err == nil || port >= last || linkspan.CodeOf(err) != linkspan.InUse {
			return taken, err
		}
	}
}

// takeAll takes one port in all families; the one that the kernel chooses for the
// first holds for the others too.
func takeAll(port cnm.PortMap, bindings []Binding) ([]Binding, error) {
	if len(bindings) == 0 {
		return nil, &linkspan.Error{
			Code:    linkspan.Invalid,
			Message: fmt.Sprintf("port %d cannot be published: the endpoint has no address of the family of %q", port.Port, port.HostIP),
		}
	}
	for i := range bindings {
		b := &bindings[i]
		if b.Routed {
			continue
		}
		b.Host = netip.AddrPortFrom(b.Host.Addr(), port.HostPort)
		if err := b.Take(); err != nil {
			LetGo(bindings[:i])
			return nil, err
		}
		port.HostPort = b.Host.Port()
	}
	return bindings, nil
}

// HostAddress returns where a port is published for an address of a container: where
// it was wished, or everywhere; ok is false where the wish is of the other family.
func HostAddress(wish string, own netip.Addr) (at netip.Addr, ok bool) {
	if wish == "" {
		if own.Is4() {
			return netip.IPv4Unspecified(), true
		}
		return netip.IPv6Unspecified(), true
	}
	at, err := netip.ParseAddr(wish)
	at = at.Unmap()
	return at, err == nil && at.Is4() == own.Is4()
}
