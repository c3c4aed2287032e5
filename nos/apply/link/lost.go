// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/ovs/netns"
)

// lost is what the kernel takes from a device that goes down, of what others have made: a
// route by it alone, and addresses of IPv6 (net.ipv6.conf.*.keep_addr_on_down).
type lost struct {
	Addresses []netip.Prefix `json:"addresses,omitempty"`
	Routes    []foreign      `json:"routes,omitempty"`
}

// foreign is a route of somebody else (rtnetlink(7), struct rtmsg).
type foreign struct {
	To       netip.Prefix `json:"to,omitzero"` // zero: everywhere
	Via      netip.Addr   `json:"via,omitzero"`
	From     netip.Addr   `json:"from,omitzero"`
	Family   int          `json:"family"`
	Table    int          `json:"table"`
	Type     int          `json:"type"`
	Scope    uint8        `json:"scope"`
	Protocol int          `json:"protocol"`
	Flags    int          `json:"flags,omitempty"`
	Metric   int          `json:"metric,omitempty"`
	MTU      int          `json:"mtu,omitempty"`
}

// loses returns what a device would lose now. What the kernel makes by itself, and what
// a router tells, comes again without anybody.
func (k kernel) loses(ctx context.Context, f found) (l lost, err error) {
	for _, a := range f.addresses {
		if a.Addr().Is6() && !a.passing {
			l.Addresses = append(l.Addresses, a.Prefix)
		}
	}
	list, err := netns.Dump(ctx, func() ([]netlink.Route, error) {
		return k.handle.RouteListFiltered(netlink.FAMILY_ALL, &netlink.Route{LinkIndex: f.index}, netlink.RT_FILTER_OIF|netlink.RT_FILTER_TABLE)
	})
	if err != nil {
		return l, fmt.Errorf("list routes: %w", err)
	}
	for _, r := range list {
		switch r.Protocol {
		case unix.RTPROT_KERNEL, unix.RTPROT_RA, Protocol:
			continue
		}
		l.Routes = append(l.Routes, foreignOf(r))
	}
	return l, nil
}

func foreignOf(r netlink.Route) foreign {
	o := foreign{
		Family: r.Family, Table: r.Table, Type: r.Type, Scope: uint8(r.Scope), Protocol: int(r.Protocol),
		Flags: r.Flags & unix.RTNH_F_ONLINK, Metric: r.Priority, MTU: r.MTU,
	}
	o.Via, _ = netip.AddrFromSlice(r.Gw)
	o.From, _ = netip.AddrFromSlice(r.Src)
	o.Via, o.From = o.Via.Unmap(), o.From.Unmap()
	if r.Dst != nil {
		ip, _ := netip.AddrFromSlice(r.Dst.IP)
		bits, _ := r.Dst.Mask.Size()
		o.To = netip.PrefixFrom(ip.Unmap(), bits)
	}
	return o
}

// route returns it by a device.
func (o foreign) route(index int) *netlink.Route {
	r := &netlink.Route{
		LinkIndex: index, Family: o.Family, Table: o.Table, Type: o.Type, Scope: netlink.Scope(o.Scope),
		Protocol: netlink.RouteProtocol(o.Protocol), Flags: o.Flags, Priority: o.Metric, MTU: o.MTU,
	}
	if o.Via.IsValid() {
		r.Gw = o.Via.AsSlice()
	}
	if o.From.IsValid() {
		r.Src = o.From.AsSlice()
	}
	to := o.To
	if !to.IsValid() {
		to = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
		if o.Family == netlink.FAMILY_V6 {
			to = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
		}
	}
	r.Dst = &net.IPNet{IP: to.Addr().AsSlice(), Mask: net.CIDRMask(to.Bits(), to.Addr().BitLen())}
	return r
}

// down sets a device down, and keeps what it loses.
func (l *Links) down(ctx context.Context, d device, f found) error {
	all, err := l.loses(ctx, f)
	if err != nil {
		return err
	}
	ours := l.memory.made(d.name)
	all.Addresses = slices.DeleteFunc(all.Addresses, func(a netip.Prefix) bool { return d.vlan || d.port || slices.Contains(ours, a) })
	if err := l.memory.loses(d.name, all); err != nil {
		return err
	}
	return l.setUp(f, false)
}

// regain gives a device that was set up what it had lost. What it cannot have any more is
// told in the log: that is no reason to have it down.
func (l *Links) regain(name string, f found) error {
	all, known := l.memory.lost(name)
	if !known {
		return nil
	}
	if !f.up { // otherwise somebody else has set it up, and seen to the rest
		l.restore(name, f, all)
	}
	return l.memory.regained(name)
}

// restore gives a device addresses and routes.
func (l *Links) restore(name string, f found, all lost) {
	for _, a := range all.Addresses {
		l.regained(name, a.String(), l.add(f, a))
	}
	for _, r := range all.Routes {
		_ = l.handle.RouteAdd(r.route(f.index)) // its router may be behind a later one: see below
	}
	for _, r := range all.Routes {
		l.regained(name, fmt.Sprintf("route to %s by %s", r.To, r.Via), ignoring(l.handle.RouteAdd(r.route(f.index)), unix.EEXIST))
	}
}

func (l *Links) regained(name, what string, err error) {
	if err != nil {
		l.log.Warn("what an interface had before it was down is not there again", slog.String("interface", name), slog.String("what", what), slog.Any("error", err))
	}
}

// lost returns what is kept of a device that was set down, and whether it was.
func (m *memory) lost(device string) (lost, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all, known := m.kept.Lost[device]
	return all, known
}

// downs returns the devices that were set down.
func (m *memory) downs() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return sortedKeys(m.kept.Lost)
}

// loses keeps what a device is about to lose.
func (m *memory) loses(device string, all lost) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept.Lost == nil {
		m.kept.Lost = map[string]lost{}
	}
	m.kept.Lost[device] = all
	return m.save()
}

// regained forgets it, as the device has it again.
func (m *memory) regained(device string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.kept.Lost, device)
	return m.save()
}
