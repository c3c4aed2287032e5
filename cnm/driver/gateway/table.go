// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/driver/filter"
	"github.com/linkspan/linkspan/cnm/driver/publish"
)

// The table, which is this package's alone, as it is for IPv4; for IPv6 it has the same
// rules once more, with ports6 and here6, ICMPv6's types 1 to 4 and 137, and ::1. RANGE
// stands for endpoints, HOST is linkspan.GatewayHostTo, ADDRESS one of the host's own where a port is published on one
// alone. An Ethernet source 02:ff:00:03:PP:PP is linkspan.PassMAC: PPPP is the number
// of an endpoint's port; with 04 its packet is to its network's gateway.
//
//	table inet linkspan-gateway {
//		map ports4 { type inet_proto . inet_service : ipv4_addr . inet_service; }
//		map here4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
//		chain pass { type filter hook prerouting priority raw - 10
//			iifname != "lsgw" accept
//			ether saddr & ff:ff:ff:ff:00:00 == 02:ff:00:04:00:00 ip daddr set HOST
//			icmp type { 3, 11, 12 } (destination of what it quotes) set RANGE | PPPP
//			ip saddr set RANGE | PPPP
//		}
//		chain guard { type filter hook prerouting priority raw
//			iifname "lsgw" ip daddr RANGE counter drop             # of other endpoints
//			iifname "lsgw" ip daddr 127.0.0.0/8 counter drop       # closes what route_localnet opens
//			iifname != "lsgw" ip daddr RANGE counter drop
//			iifname != "lsgw" ip saddr RANGE counter drop
//		}
//		chain prerouting { type nat hook prerouting priority dstnat   # and output, for the host's own
//			fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map @here4
//			fib daddr type local dnat ip to meta l4proto . th dport map @ports4
//		}
//		chain forward { type filter hook forward priority filter
//			iifname "lsgw" ct state invalid counter drop           # would leave untranslated
//			ct state established,related accept
//			iifname "lsgw" udp dport 4789 counter drop             # overlays know a host by its address
//			oifname "lsgw" ct status dnat accept
//			oifname "lsgw" counter drop
//		}
//		chain quiet { type filter hook output priority filter
//			oifname "lsgw" icmp type redirect drop
//		}
//		chain postrouting { type nat hook postrouting priority srcnat
//			ip saddr RANGE oifname != "lsgw" masquerade
//			ip saddr RANGE oifname "lsgw" ct status dnat masquerade   # to a published port of this host
//			ip saddr 127.0.0.0/8 oifname "lsgw" masquerade
//		}
//	}
const tableName = "linkspan-gateway"

func table() *nftables.Table { return filter.Table(tableName) }

// replace replaces the table by one that has all ports.
func (c Config) replace(ports []publish.Binding) error {
	t := table()
	err := filter.Replace(t, func(conn *nftables.Conn) error { return builder{conn, t, c.ranges()}.build(ports) })
	if err != nil {
		return err
	}
	return filter.Admit(tableName, []string{link})
}

// remove removes the table and what lets the link through others.
func remove() error {
	if err := filter.Remove(table()); err != nil {
		return err
	}
	return filter.Admit(tableName, nil)
}

// builder adds the table to a transaction.
type builder struct {
	conn  *nftables.Conn
	table *nftables.Table
	own   []netip.Prefix // the ranges, each of its family
}

func (b builder) chain(name string, kind nftables.ChainType, hook *nftables.ChainHook, priority nftables.ChainPriority) *nftables.Chain {
	return b.conn.AddChain(&nftables.Chain{Name: name, Table: b.table, Type: kind, Hooknum: hook, Priority: &priority})
}

func (b builder) rule(c *nftables.Chain, parts ...[]expr.Any) {
	b.conn.AddRule(&nftables.Rule{Table: b.table, Chain: c, Exprs: filter.Rules(parts...)})
}

func (b builder) build(ports []publish.Binding) error {
	raw := *nftables.ChainPriorityRaw
	b.pass(b.chain("pass", nftables.ChainTypeFilter, nftables.ChainHookPrerouting, raw-10))
	b.guard(b.chain("guard", nftables.ChainTypeFilter, nftables.ChainHookPrerouting, raw))
	if err := b.translate(ports); err != nil {
		return err
	}
	b.forward(b.chain("forward", nftables.ChainTypeFilter, nftables.ChainHookForward, *nftables.ChainPriorityFilter))
	quiet := b.chain("quiet", nftables.ChainTypeFilter, nftables.ChainHookOutput, *nftables.ChainPriorityFilter)
	for family := range b.own {
		b.rule(quiet, filter.GoesTo(link), filter.ICMP(family), filter.ICMPType(headOf(family).redirect), filter.Drop())
	}
	b.leave(b.chain("postrouting", nftables.ChainTypeNAT, nftables.ChainHookPostrouting, *nftables.ChainPriorityNATSource))
	return nil
}

func (b builder) guard(c *nftables.Chain) {
	for family, own := range b.own {
		b.rule(c, filter.ComesFrom(link), filter.To(own), filter.Drop())
		b.rule(c, filter.ComesFrom(link), filter.To(loopback(family)), filter.Drop())
		b.rule(c, filter.ComesFromElsewhere(link), filter.To(own), filter.Drop())
		b.rule(c, filter.ComesFromElsewhere(link), filter.From(own), filter.Drop())
	}
}

func loopback(family int) netip.Prefix {
	if family == 0 {
		return netip.MustParsePrefix("127.0.0.0/8")
	}
	return netip.MustParsePrefix("::1/128")
}

// overlayPort is that of the overlay driver's packets between hosts.
const overlayPort = 4789

func (b builder) forward(c *nftables.Chain) {
	b.rule(c, filter.ComesFrom(link), filter.Invalid(), filter.Drop())
	b.rule(c, filter.Known(), filter.Accept())
	b.rule(c, filter.ComesFrom(link), filter.ToPort(unix.IPPROTO_UDP, overlayPort), filter.Drop())
	b.rule(c, filter.GoesTo(link), filter.Translated(), filter.Accept())
	b.rule(c, filter.GoesTo(link), filter.Drop())
}

func (b builder) leave(c *nftables.Chain) {
	for family, own := range b.own {
		b.rule(c, filter.From(own), filter.GoesElsewhere(link), filter.LeavesAs(netip.Addr{}, family))
		b.rule(c, filter.From(own), filter.GoesTo(link), filter.Translated(), filter.LeavesAs(netip.Addr{}, family))
		b.rule(c, filter.From(loopback(family)), filter.GoesTo(link), filter.LeavesAs(netip.Addr{}, family))
	}
}

// translate adds the chains that translate published ports.
func (b builder) translate(ports []publish.Binding) error {
	chains := []*nftables.Chain{
		b.chain("prerouting", nftables.ChainTypeNAT, nftables.ChainHookPrerouting, *nftables.ChainPriorityNATDest),
		b.chain("output", nftables.ChainTypeNAT, nftables.ChainHookOutput, *nftables.ChainPriorityNATDest),
	}
	for family := range b.own {
		if err := b.send(chains, family, ports); err != nil {
			return err
		}
	}
	return nil
}

// send adds the maps of a family's published ports, and has chains use them.
func (b builder) send(chains []*nftables.Chain, family int, ports []publish.Binding) error {
	here, everywhere := filter.PortMap(b.table, "here", family, true), filter.PortMap(b.table, "ports", family, false)
	var at, all []nftables.SetElement
	for _, p := range ports {
		if filter.FamilyOf(p.Container.Addr()) != family {
			continue
		}
		if p.Host.Addr().IsUnspecified() {
			all = append(all, nftables.SetElement{Key: filter.PortElement(netip.Addr{}, p.Proto, p.Host.Port()), Val: filter.PortTarget(p.Container)})
		} else {
			at = append(at, nftables.SetElement{Key: filter.PortElement(p.Host.Addr(), p.Proto, p.Host.Port()), Val: filter.PortTarget(p.Container)})
		}
	}
	if err := b.conn.AddSet(here, at); err != nil {
		return err
	}
	if err := b.conn.AddSet(everywhere, all); err != nil {
		return err
	}
	for _, c := range chains {
		b.rule(c, filter.OfFamily(family), filter.ToThisHost(), filter.PortKey(family, true), filter.Send(family, here))
		b.rule(c, filter.OfFamily(family), filter.ToThisHost(), filter.PortKey(family, false), filter.Send(family, everywhere))
	}
	return nil
}

// pass gives what comes from endpoints the addresses that they have here.
func (b builder) pass(c *nftables.Chain) {
	b.rule(c, filter.ComesFromElsewhere(link), filter.Accept())
	host := linkspan.PassMAC(0, true)
	for family, own := range b.own {
		h := headOf(family)
		speaks := linkspan.GatewayHostTo(own.Addr()).AsSlice()
		b.rule(c, filter.OfFamily(family), etherSource(0, 4), is(host[:4]), immediate(speaks), write(h.network(h.dest, h.size)))
		upper, number := h.size-numberBits/8, uint32(numberBits/8) // the range's, and the port's
		prefix := immediate(own.Addr().AsSlice()[:upper])
		for _, t := range h.errors {
			b.rule(c, filter.OfFamily(family), filter.ICMP(family), filter.ICMPType(t), prefix, write(quoted(h.dest, upper)),
				etherSource(4, 2), write(quoted(h.dest+upper, number)))
		}
		b.rule(c, filter.OfFamily(family), prefix, write(h.network(h.source, upper)), etherSource(4, 2), write(h.network(h.source+upper, number)))
	}
}
