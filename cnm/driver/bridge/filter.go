// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/cnm/driver/filter"
	"github.com/linkspan/linkspan/cnm/driver/publish"
)

// The table, which is this driver's alone. ADDRESS is the host's, where a port
// is published on one alone; "NET-in" and "NET-out" are two chains per network,
// named after its bridge.
//
//	table inet linkspan-bridge {
//		map ports4 { type inet_proto . inet_service : ipv4_addr . inet_service; }
//		map here4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
//		set open4 { type ipv4_addr . inet_proto . inet_service; }        # of routed networks
//		(ports6, here6 and open6 alike)
//		chain prerouting  { type nat hook prerouting priority dstnat   # and output, for the host's own
//			fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map @here4
//			fib daddr type local dnat ip to meta l4proto . th dport map @ports4
//		}
//		chain guard { type filter hook prerouting priority raw
//			iifname BRIDGE ip daddr 127.0.0.0/8 counter drop       # closes what route_localnet opens
//		}
//		chain forward { type filter hook forward priority filter
//			ct state established,related accept
//			iifname "lsbr" accept; oifname "lsbr" accept           # routes: inet linkspan-across says which
//			iifname vmap { BRIDGE : jump NET-out }
//			oifname vmap { BRIDGE : jump NET-in }
//		}
//		chain NET-out { (internal) oifname != BRIDGE counter drop }
//		chain NET-in  {
//			iifname BRIDGE accept                                  # unless icc is off
//			ct status dnat accept                                  # unless internal
//			(routed) ip daddr . meta l4proto . th dport @open4 accept, icmp accept
//			(nat-unprotected) ip daddr SUBNET accept
//			counter drop
//		}
//		chain postrouting { type nat hook postrouting priority srcnat
//			ip saddr SUBNET oifname != BRIDGE masquerade
//			ip saddr SUBNET oifname BRIDGE ct status dnat masquerade  # to a port of its own network
//			ip saddr 127.0.0.0/8 oifname BRIDGE masquerade
//		}
//	}
const tableName = "linkspan-bridge"

// routes is the link by which routes of the fabric lead from and to bridges. What may
// pass there is not decided here: see package across.
const routes = "lsbr"

func table() *nftables.Table { return filter.Table(tableName) }

// refilter replaces the table by one that has all networks and ports, or
// removes it when there are none.
func (d *Driver) refilter() error {
	d.filter.Lock()
	defer d.filter.Unlock()
	networks, ports := d.snapshot()
	var add func(*nftables.Conn) error
	if t := table(); len(networks) > 0 {
		add = func(conn *nftables.Conn) error { return builder{conn: conn, table: t}.build(networks, ports) }
	}
	if err := filter.Replace(table(), add); err != nil {
		return err
	}
	d.filtered = make(map[string]bool, len(networks))
	for _, n := range networks {
		d.filtered[n.ID] = true
	}
	return d.admit()
}

// snapshot returns networks and ports in an order that does not change.
func (d *Driver) snapshot() ([]network, []publish.Binding) {
	networks := d.all()
	slices.SortFunc(networks, func(a, b network) int { return strings.Compare(a.ID, b.ID) })
	d.mu.Lock()
	defer d.mu.Unlock()
	var ports []publish.Binding
	for _, bindings := range d.ports {
		ports = append(ports, bindings...)
	}
	return networks, ports
}

// builder adds one table to a transaction.
type builder struct {
	conn  *nftables.Conn
	table *nftables.Table
}

func (b builder) rule(c *nftables.Chain, parts ...[]expr.Any) {
	b.conn.AddRule(&nftables.Rule{Table: b.table, Chain: c, Exprs: filter.Rules(parts...)})
}

func (b builder) base(name string, kind nftables.ChainType, hook *nftables.ChainHook, priority *nftables.ChainPriority) *nftables.Chain {
	return b.conn.AddChain(&nftables.Chain{Name: name, Table: b.table, Type: kind, Hooknum: hook, Priority: priority})
}

func (b builder) build(networks []network, ports []publish.Binding) error {
	open, err := b.translate(ports)
	if err != nil {
		return err
	}
	guard := b.base(guardChain, nftables.ChainTypeFilter, nftables.ChainHookPrerouting, nftables.ChainPriorityRaw)
	source := b.base(sourceChain, nftables.ChainTypeNAT, nftables.ChainHookPostrouting, nftables.ChainPriorityNATSource)
	var out, in []nftables.SetElement
	for _, n := range networks {
		leaves, enters := b.network(n, guard, source, open)
		out, in = append(out, leaves), append(in, enters)
	}
	forward := b.base("forward", nftables.ChainTypeFilter, nftables.ChainHookForward, nftables.ChainPriorityFilter)
	b.rule(forward, filter.Known(), filter.Accept())
	b.rule(forward, filter.ComesFrom(routes), filter.Accept())
	b.rule(forward, filter.GoesTo(routes), filter.Accept())
	if err := b.dispatch(forward, outMap, expr.MetaKeyIIFNAME, out); err != nil {
		return err
	}
	return b.dispatch(forward, inMap, expr.MetaKeyOIFNAME, in)
}

// network adds the rules and chains of one network, and returns the elements
// of the maps that lead to those.
func (b builder) network(n network, guard, source *nftables.Chain, open [2]*nftables.Set) (leaves, enters nftables.SetElement) {
	loopback := netip.MustParsePrefix("127.0.0.0/8")
	b.rule(guard, filter.ComesFrom(n.link), filter.To(loopback), filter.Drop())
	b.leave(source, n)
	b.rule(source, filter.From(loopback), filter.GoesTo(n.link), filter.LeavesAs(netip.Addr{}, 0))
	return jump(n.link, b.leaving(n)), jump(n.link, b.entering(n, open))
}

// jump is an element of a verdict map.
func jump(link string, c *nftables.Chain) nftables.SetElement {
	key := make([]byte, 16)
	copy(key, link)
	return nftables.SetElement{Key: key, VerdictData: &expr.Verdict{Kind: expr.VerdictJump, Chain: c.Name}}
}

// dispatch sends packets to the chain of their link.
func (b builder) dispatch(c *nftables.Chain, name string, key expr.MetaKey, elements []nftables.SetElement) error {
	set := &nftables.Set{Table: b.table, Name: name, IsMap: true, KeyType: nftables.TypeIFName, DataType: nftables.TypeVerdict,
		KeyByteOrder: binaryutil.NativeEndian} // so that nft shows the names
	if err := b.conn.AddSet(set, elements); err != nil {
		return err
	}
	b.rule(c, []expr.Any{
		&expr.Meta{Key: key, Register: filter.Register},
		&expr.Lookup{SourceRegister: filter.Register, DestRegister: unix.NFT_REG_VERDICT, IsDestRegSet: true, SetName: set.Name, SetID: set.ID},
	})
	return nil
}

func (b builder) leaving(n network) *nftables.Chain {
	c := b.conn.AddChain(&nftables.Chain{Name: n.link + "-out", Table: b.table})
	if n.Internal {
		b.rule(c, filter.GoesElsewhere(n.link), filter.Drop())
	}
	return c
}

// entering is the way into a network.
func (b builder) entering(n network, open [2]*nftables.Set) *nftables.Chain {
	c := b.conn.AddChain(&nftables.Chain{Name: n.link + "-in", Table: b.table})
	if n.icc {
		b.rule(c, filter.ComesFrom(n.link), filter.Accept())
	}
	if !n.Internal {
		b.rule(c, filter.Translated(), filter.Accept())
		for _, f := range n.families() {
			b.unasked(c, n, f, open[f.index])
		}
	}
	b.rule(c, filter.Drop())
	return c
}

// unasked is what may come in by the containers' own addresses.
func (b builder) unasked(c *nftables.Chain, n network, f family, open *nftables.Set) {
	switch n.mode[f.index] {
	case modeRouted:
		b.rule(c, filter.OfFamily(f.index), filter.PortKey(f.index, true),
			[]expr.Any{&expr.Lookup{SourceRegister: filter.Register, SetName: open.Name, SetID: open.ID}}, filter.Accept())
		b.rule(c, filter.OfFamily(f.index), filter.ICMP(f.index), filter.Accept())
	case modeUnprotected:
		b.rule(c, filter.To(f.subnet), filter.Accept())
	}
}

// leave translates what leaves the network.
func (b builder) leave(c *nftables.Chain, n network) {
	for _, f := range n.families() {
		nat := n.mode[f.index] == modeNAT || n.mode[f.index] == modeUnprotected
		if n.Internal || !nat {
			continue
		}
		if n.masquerade {
			b.rule(c, filter.From(f.subnet), filter.GoesElsewhere(n.link), filter.LeavesAs(n.host[f.index], f.index))
		}
		b.rule(c, filter.From(f.subnet), filter.GoesTo(n.link), filter.Translated(), filter.LeavesAs(netip.Addr{}, f.index))
	}
}
