// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan"
)

// PublishedPorts returns the ports that are published as docker ps shows them,
// neighbouring ones together: 0.0.0.0:8080-8082->80-82/tcp, and those of IPv6 beside them.
// Of more than linkspan.MaxPublished the rest is left out.
func (e Endpoint) PublishedPorts() []string {
	var ports []PortMap
	for _, p := range e.Published {
		if p.HostIP != "" {
			ports = append(ports, p)
			continue
		}
		for _, own := range e.Addresses() { // a record, or a plugin, that does not say where
			p.HostIP = unspecified(own.Addr())
			ports = append(ports, p)
		}
	}
	slices.SortFunc(ports, func(a, b PortMap) int {
		return cmp.Or(cmp.Compare(a.HostIP, b.HostIP), cmp.Compare(a.Proto, b.Proto), cmp.Compare(a.HostPort, b.HostPort), cmp.Compare(a.Port, b.Port))
	})
	var texts []string
	for i, last := 0, 0; i < len(ports) && len(texts) < linkspan.MaxPublished; i = last + 1 {
		for last = i; last+1 < len(ports) && follows(ports[last], ports[last+1]); last++ {
		}
		texts = append(texts, fmt.Sprintf("%s->%s/%s", net.JoinHostPort(ports[i].HostIP, span(ports[i].HostPort, ports[last].HostPort)),
			span(ports[i].Port, ports[last].Port), protocolName(ports[i].Proto)))
	}
	return texts
}

// unspecified stands for all addresses of a family.
func unspecified(of netip.Addr) string {
	if of.Is4() {
		return netip.IPv4Unspecified().String()
	}
	return netip.IPv6Unspecified().String()
}

// follows says whether a port is the next one of a range.
func follows(a, b PortMap) bool {
	return a.HostIP == b.HostIP && a.Proto == b.Proto && a.HostPort+1 == b.HostPort && a.Port+1 == b.Port
}

func span(first, last uint16) string {
	if first == last {
		return fmt.Sprint(first)
	}
	return fmt.Sprintf("%d-%d", first, last)
}

// protocolName is what people call an IP protocol that has ports (IANA numbers).
func protocolName(proto uint8) string {
	switch proto {
	case 6:
		return "tcp"
	case 17:
		return "udp"
	case 132:
		return "sctp"
	}
	return fmt.Sprint(proto)
}
