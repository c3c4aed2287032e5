// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/cnm/driver/kernel"
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

func table() *nftables.Table {
	return &nftables.Table{Family: nftables.TableFamilyINet, Name: tableName}
}

// refilter replaces the table by one that has all networks and ports, or
// removes it when there are none.
func (d *Driver) refilter() error {
	d.filter.Lock()
	defer d.filter.Unlock()
	conn, err := nftables.New()
	if err != nil {
		return kernel.Nftables.Explain(fmt.Errorf("nftables: %w", err))
	}
	b := builder{conn: conn, table: table()}
	conn.AddTable(b.table) // so that deleting never fails
	conn.DelTable(b.table)
	networks, ports := d.snapshot()
	if len(networks) > 0 {
		conn.AddTable(b.table)
		if err := b.build(networks, ports); err != nil {
			return fmt.Errorf("nftables table inet %s: %w", tableName, err)
		}
	}
	if err := conn.Flush(); err != nil {
		return kernel.Nftables.Explain(fmt.Errorf("nftables table inet %s: %w", tableName, err))
	}
	d.filtered = make(map[string]bool, len(networks))
	for _, n := range networks {
		d.filtered[n.ID] = true
	}
	return d.admit()
}

// snapshot returns networks and ports in an order that does not change.
func (d *Driver) snapshot() ([]network, []binding) {
	networks := d.all()
	slices.SortFunc(networks, func(a, b network) int { return strings.Compare(a.ID, b.ID) })
	d.mu.Lock()
	defer d.mu.Unlock()
	var ports []binding
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
	b.conn.AddRule(&nftables.Rule{Table: b.table, Chain: c, Exprs: rules(parts...)})
}

func (b builder) base(name string, kind nftables.ChainType, hook *nftables.ChainHook, priority *nftables.ChainPriority) *nftables.Chain {
	return b.conn.AddChain(&nftables.Chain{Name: name, Table: b.table, Type: kind, Hooknum: hook, Priority: priority})
}

func (b builder) build(networks []network, ports []binding) error {
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
	b.rule(forward, conntrack(expr.CtKeySTATE, ctEstablished|ctRelated), accept())
	if err := b.dispatch(forward, outMap, expr.MetaKeyIIFNAME, out); err != nil {
		return err
	}
	return b.dispatch(forward, inMap, expr.MetaKeyOIFNAME, in)
}

// network adds the rules and chains of one network, and returns the elements
// of the maps that lead to those.
func (b builder) network(n network, guard, source *nftables.Chain, open [2]*nftables.Set) (leaves, enters nftables.SetElement) {
	loopback := netip.MustParsePrefix("127.0.0.0/8")
	b.rule(guard, comesFrom(n.link), to(loopback), drop())
	b.leave(source, n)
	b.rule(source, from(loopback), goesTo(n.link), leavesAs(netip.Addr{}, 0))
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
		&expr.Meta{Key: key, Register: register},
		&expr.Lookup{SourceRegister: register, DestRegister: unix.NFT_REG_VERDICT, IsDestRegSet: true, SetName: set.Name, SetID: set.ID},
	})
	return nil
}

func (b builder) leaving(n network) *nftables.Chain {
	c := b.conn.AddChain(&nftables.Chain{Name: n.link + "-out", Table: b.table})
	if n.Internal {
		b.rule(c, goesElsewhere(n.link), drop())
	}
	return c
}

// entering is the way into a network.
func (b builder) entering(n network, open [2]*nftables.Set) *nftables.Chain {
	c := b.conn.AddChain(&nftables.Chain{Name: n.link + "-in", Table: b.table})
	if n.icc {
		b.rule(c, comesFrom(n.link), accept())
	}
	if !n.Internal {
		b.rule(c, translated(), accept())
		for _, f := range n.families() {
			b.unasked(c, n, f, open[f.index])
		}
	}
	b.rule(c, drop())
	return c
}

// unasked is what may come in by the containers' own addresses.
func (b builder) unasked(c *nftables.Chain, n network, f family, open *nftables.Set) {
	switch n.mode[f.index] {
	case modeRouted:
		b.rule(c, ofFamily(f.index), portKey(f.index, true),
			[]expr.Any{&expr.Lookup{SourceRegister: register, SetName: open.Name, SetID: open.ID}}, accept())
		b.rule(c, ofFamily(f.index), icmp(f.index), accept())
	case modeUnprotected:
		b.rule(c, to(f.subnet), accept())
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
			b.rule(c, from(f.subnet), goesElsewhere(n.link), leavesAs(n.host[f.index], f.index))
		}
		b.rule(c, from(f.subnet), goesTo(n.link), translated(), leavesAs(netip.Addr{}, f.index))
	}
}
