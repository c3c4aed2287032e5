// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/google/nftables"

	"github.com/linkspan/linkspan/ovs/netns"
)

// The table that is ours alone, and what is in it. The inner source MAC of a
// packet lies behind the headers of UDP and vxlan; of it, the first three bytes
// name the sending chassis.
//
//	table inet linkspan {
//		set peers4 { type ipv4_addr . ether_addr; elements = { 192.0.2.7 . 0a:00:07:00:00:00 } }
//		set peers6 { type ipv6_addr . ether_addr; }
//		chain tunnel { type filter hook input priority filter
//			meta nfproto ipv4 udp dport 4790 ip saddr . (inner source & ff:ff:ff:00:00:00) @peers4 accept
//			meta nfproto ipv6 udp dport 4790 ip6 saddr . (inner source & ff:ff:ff:00:00:00) @peers6 accept
//			udp dport 4790 counter drop
//		}
//		chain local { type filter hook output priority filter
//			udp dport 4790 meta skuid != { 0, the datapath's } counter drop
//		}
//		chain transit { type filter hook forward priority filter
//			udp dport 4790 counter drop
//		}
//		chain copies { type filter hook prerouting priority -450
//			iifname "lsvx" counter drop
//		}
//	}
//
// "local" and "transit" keep others on this host from speaking with its
// address, which is all that the peers have to know it by. The kernel's own
// packets carry no socket, that of another namespace, or the packet socket of a
// userspace datapath.
//
// "copies" keeps the host from routing what comes out of the tunnel: inner
// frames carry the device's own MAC address, and a userspace datapath reads
// only a copy of them. It stands before fragments are put together, see
// [netns.PriorityBeforeDefrag].
const tableName = "linkspan"

func table() *nftables.Table {
	return &nftables.Table{Family: nftables.TableFamilyINet, Name: tableName}
}

func chain(name string, hook *nftables.ChainHook, priority *nftables.ChainPriority) *nftables.Chain {
	return &nftables.Chain{Name: name, Table: table(), Type: nftables.ChainTypeFilter, Hooknum: hook, Priority: priority}
}

// guards returns the chains around the tunnel's port.
func guards() []*nftables.Chain {
	return []*nftables.Chain{
		chain("tunnel", nftables.ChainHookInput, nftables.ChainPriorityFilter),
		chain("local", nftables.ChainHookOutput, nftables.ChainPriorityFilter),
		chain("transit", nftables.ChainHookForward, nftables.ChainPriorityFilter),
	}
}

func chains() []*nftables.Chain {
	return append(guards(), chain("copies", nftables.ChainHookPrerouting, netns.PriorityBeforeDefrag()))
}

// ensureFilter makes the table in one transaction, with peers admitted; one
// that is as it should be is left alone, its counters with it.
func ensureFilter(cfg Config, peers []Peer) error {
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	if intact(conn, cfg) {
		return nil
	}
	conn.AddTable(table()) // so that deleting never fails
	conn.DelTable(table())
	conn.AddTable(table())
	for _, f := range families() {
		if err := conn.AddSet(f.set, f.elements(peers)); err != nil {
			return fmt.Errorf("nftables set %s: %w", f.set.Name, err)
		}
	}
	for _, c := range chains() {
		conn.AddChain(c)
		for _, r := range cfg.rules(c) {
			conn.AddRule(r)
		}
	}
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("nftables table inet %s: %w", tableName, err)
	}
	return nil
}

// intact compares the rules by the label each carries.
func intact(conn *nftables.Conn, cfg Config) bool {
	same := func(a, b *nftables.Rule) bool { return bytes.Equal(a.UserData, b.UserData) }
	for _, c := range chains() {
		have, err := conn.GetRules(table(), c)
		if err != nil || !slices.EqualFunc(have, cfg.rules(c), same) {
			return false
		}
	}
	return true
}

func removeFilter() error {
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	conn.AddTable(table())
	conn.DelTable(table())
	if err := conn.Flush(); err != nil {
		return errors.Join(fmt.Errorf("remove nftables table inet %s", tableName), err)
	}
	return nil
}
