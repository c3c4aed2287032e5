// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"cmp"
	"context"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/publish"
	"github.com/linkspan/linkspan/cnm/mirror"
)

// published are the ports that a container is given on its host, those of one number
// first: what has a range leaves them what they need. A port that its host chooses has
// the number 0.
func (s *spec) published() (list []cnm.PortMap) {
	var bindings map[string][]struct{ HostIP, HostPort string }
	s.Host.read("PortBindings", &bindings)
	for _, port := range slices.Sorted(maps.Keys(bindings)) {
		number, protocol, _ := strings.Cut(port, "/")
		inside, err := strconv.ParseUint(number, 10, 16)
		proto := map[string]uint8{"tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP, "sctp": unix.IPPROTO_SCTP}[protocol]
		if err != nil || proto == 0 {
			continue // dockerd says what it is
		}
		for _, b := range bindings[port] {
			first, last, _ := strings.Cut(b.HostPort, "-")
			from, err := strconv.ParseUint(cmp.Or(first, "0"), 10, 16)
			to, bad := strconv.ParseUint(cmp.Or(last, first, "0"), 10, 16)
			if err == nil && bad == nil {
				list = append(list, cnm.PortMap{Proto: proto, Port: uint16(inside), HostIP: b.HostIP, HostPort: uint16(from), HostPortEnd: uint16(to)})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b cnm.PortMap) int { return cmp.Compare(a.HostPortEnd-a.HostPort, b.HostPortEnd-b.HostPort) })
	return list
}

// bindings is where a port is published, in each family that the container has.
func (s *spec) bindings(p cnm.PortMap) (list []publish.Binding) {
	families := []netip.Addr{netip.IPv4Unspecified()}
	if slices.ContainsFunc(s.Attachments, func(a attachment) bool { return a.Address6 != "" }) {
		families = append(families, netip.IPv6Unspecified())
	}
	for _, own := range families {
		if at, ok := publish.HostAddress(p.HostIP, own); ok {
			list = append(list, publish.Binding{Proto: p.Proto, Host: netip.AddrPortFrom(at, p.HostPort), Container: netip.AddrPortFrom(own, p.Port)})
		}
	}
	return list
}

// free lists the ports that the container publishes and that it could not here. Each is
// taken for a moment, as nobody else knows of all who may have it.
func (h *Host) free(_ context.Context, s *spec) (list []string, err error) {
	ports := s.published()
	if (len(ports) > 0 || s.Host.yes("PublishAllPorts")) && !h.cfg.Publishes && s.hotPlugged() {
		return []string{"host " + h.cfg.Host + " has no gateway, by which ports are published (linkspan doctor says why)"}, nil
	}
	var held []publish.Binding
	defer func() { publish.LetGo(held) }()
	ranged := len(ports) > 0 && ports[len(ports)-1].HostPort < ports[len(ports)-1].HostPortEnd
	for _, p := range ports {
		if p.HostPort == 0 || len(s.bindings(p)) == 0 {
			continue
		}
		_, taken, err := publish.Take([]cnm.PortMap{p}, s.bindings)
		if held = append(held, taken...); !ranged { // nobody of the same container comes after it
			publish.LetGo(held)
			held = nil
		}
		switch linkspan.CodeOf(err) {
		case linkspan.InUse:
			list = append(list, "port "+portText(p)+" that it publishes is taken on host "+h.cfg.Host)
		case linkspan.Invalid:
			list = append(list, "port "+portText(p)+" that it publishes: host "+h.cfg.Host+" has no address "+p.HostIP)
		default:
			if err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// hotPlugged says whether all its networks are such as publish by the gateway alone.
func (s *spec) hotPlugged() bool {
	return !slices.ContainsFunc(s.Attachments, func(a attachment) bool { return a.Driver != mirror.Driver })
}

// portText is a published port as docker run -p has it.
func portText(p cnm.PortMap) string {
	text := strconv.Itoa(int(p.HostPort))
	if p.HostPortEnd > p.HostPort {
		text += "-" + strconv.Itoa(int(p.HostPortEnd))
	}
	if p.HostIP != "" {
		text = p.HostIP + ":" + text
	}
	return text + "/" + map[uint8]string{unix.IPPROTO_TCP: "tcp", unix.IPPROTO_UDP: "udp", unix.IPPROTO_SCTP: "sctp"}[p.Proto]
}
