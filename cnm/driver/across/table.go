// SPDX-License-Identifier: Apache-2.0

package across

import (
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"

	"github.com/linkspan/linkspan/cnm/driver/filter"
)

// The table, which is this package's alone. BRIDGE, SUBNET and the PEER subnets are
// those of a way.
//
//	table inet linkspan-across {
//		chain untracked { type filter hook prerouting priority raw
//			iifname "lsbr" notrack
//			iifname BRIDGE ip daddr PEER notrack
//		}
//		chain forward { type filter hook forward priority filter
//			iifname BRIDGE oifname "lsbr" ip saddr SUBNET accept
//			iifname "lsbr" oifname BRIDGE ip daddr SUBNET icmp type time-exceeded accept   # of hops, which are in no network
//			iifname "lsbr" oifname BRIDGE ip daddr SUBNET ip saddr PEER accept
//			oifname "lsbr" counter drop
//			iifname "lsbr" counter drop
//		}
//		chain input { type filter hook input priority filter
//			iifname "lsbr" counter drop                    # it leads to containers alone
//		}
//	}
const tableName = "linkspan-across"

// timeExceeded is the type of ICMP by which hops answer (RFC 792).
const timeExceeded = 11

func table() *nftables.Table { return filter.Table(tableName) }

// filterWays replaces the table by one for these ways.
func filterWays(ways []Way) error {
	t := table()
	err := filter.Replace(t, func(conn *nftables.Conn) error {
		builder{conn, t}.build(ways)
		return nil
	})
	if err != nil {
		return err
	}
	return filter.Admit(tableName, []string{Link})
}

func removeTable() error {
	if err := filter.Remove(table()); err != nil {
		return err
	}
	return filter.Admit(tableName, nil)
}

// builder adds the table to a transaction.
type builder struct {
	conn  *nftables.Conn
	table *nftables.Table
}

func (b builder) chain(name string, hook *nftables.ChainHook, priority *nftables.ChainPriority) *nftables.Chain {
	return b.conn.AddChain(&nftables.Chain{Name: name, Table: b.table, Type: nftables.ChainTypeFilter, Hooknum: hook, Priority: priority})
}

func (b builder) rule(c *nftables.Chain, parts ...[]expr.Any) {
	b.conn.AddRule(&nftables.Rule{Table: b.table, Chain: c, Exprs: filter.Rules(parts...)})
}

func (b builder) build(ways []Way) {
	untracked := b.chain("untracked", nftables.ChainHookPrerouting, nftables.ChainPriorityRaw)
	forward := b.chain("forward", nftables.ChainHookForward, nftables.ChainPriorityFilter)
	input := b.chain("input", nftables.ChainHookInput, nftables.ChainPriorityFilter)
	b.rule(untracked, filter.ComesFrom(Link), notrack())
	for _, w := range ways {
		b.rule(forward, filter.ComesFrom(w.Bridge), filter.GoesTo(Link), filter.From(w.Subnet), filter.Accept())
		b.rule(forward, filter.ComesFrom(Link), filter.GoesTo(w.Bridge), filter.To(w.Subnet), filter.ICMP(0), filter.ICMPType(timeExceeded), filter.Accept())
		for _, peer := range w.To {
			b.way(untracked, forward, w, peer)
		}
	}
	b.rule(forward, filter.GoesTo(Link), filter.Drop())
	b.rule(forward, filter.ComesFrom(Link), filter.Drop())
	b.rule(input, filter.ComesFrom(Link), filter.Drop())
}

func (b builder) way(untracked, forward *nftables.Chain, w Way, peer netip.Prefix) {
	b.rule(untracked, filter.ComesFrom(w.Bridge), filter.To(peer), notrack())
	b.rule(forward, filter.ComesFrom(Link), filter.GoesTo(w.Bridge), filter.To(w.Subnet), filter.From(peer), filter.Accept())
}

func notrack() []expr.Any { return []expr.Any{&expr.Notrack{}} }
