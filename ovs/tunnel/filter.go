// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
	"golang.org/x/sys/unix"
)

// The table that is ours alone, and what is in it:
//
//	table inet linkspan {
//		set peers4 { type ipv4_addr; }
//		set peers6 { type ipv6_addr; }
//		chain tunnel { type filter hook input priority filter
//			meta nfproto ipv4 udp dport 4790 ip saddr != @peers4 counter drop
//			meta nfproto ipv6 udp dport 4790 ip6 saddr != @peers6 counter drop
//		}
//		chain stack { type filter hook prerouting priority raw
//			iifname "lsvx" counter drop
//		}
//	}
//
// The chain "stack" keeps the host from routing what comes out of the tunnel:
// inner frames carry the device's own MAC address, and a userspace datapath
// reads only a copy of them.
const tableName = "linkspan"

func table() *nftables.Table {
	return &nftables.Table{Family: nftables.TableFamilyINet, Name: tableName}
}

func tunnelChain() *nftables.Chain {
	return &nftables.Chain{Name: "tunnel", Table: table(), Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookInput, Priority: nftables.ChainPriorityFilter}
}

func stackChain() *nftables.Chain {
	return &nftables.Chain{Name: "stack", Table: table(), Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookPrerouting, Priority: nftables.ChainPriorityRaw}
}

// family is the half of the filter that serves one IP version.
type family struct {
	set           *nftables.Set
	proto         byte
	offset, bytes uint32 // of the source address in the IP header
}

func families() [2]family {
	return [2]family{
		{&nftables.Set{Table: table(), Name: "peers4", KeyType: nftables.TypeIPAddr}, unix.NFPROTO_IPV4, 12, 4},
		{&nftables.Set{Table: table(), Name: "peers6", KeyType: nftables.TypeIP6Addr}, unix.NFPROTO_IPV6, 8, 16},
	}
}

// ensureFilter makes the table in one transaction; one that is as it should be
// is left alone, its counters with it.
func ensureFilter(cfg Config) error {
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	if intact(conn, cfg) {
		return nil
	}
	conn.AddTable(table())
	for _, f := range families() {
		if err := conn.AddSet(f.set, nil); err != nil {
			return fmt.Errorf("nftables set %s: %w", f.set.Name, err)
		}
	}
	rules := cfg.rules()
	for _, chain := range []*nftables.Chain{tunnelChain(), stackChain()} {
		conn.AddChain(chain)
		conn.FlushChain(chain)
	}
	for _, r := range rules {
		conn.AddRule(r)
	}
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("nftables table inet %s: %w", tableName, err)
	}
	return nil
}

// intact compares the rules by the label each carries.
func intact(conn *nftables.Conn, cfg Config) bool {
	want := cfg.rules()
	for _, chain := range []*nftables.Chain{tunnelChain(), stackChain()} {
		have, err := conn.GetRules(table(), chain)
		if err != nil {
			return false
		}
		for _, r := range have {
			if len(want) == 0 || !bytes.Equal(r.UserData, want[0].UserData) {
				return false
			}
			want = want[1:]
		}
	}
	return len(want) == 0
}

// rules returns those of chain "tunnel", then that of chain "stack".
func (c Config) rules() []*nftables.Rule {
	var rules []*nftables.Rule
	for _, f := range families() {
		rules = append(rules, &nftables.Rule{Table: table(), Chain: tunnelChain(), Exprs: f.foreign(c.Port),
			UserData: comment("port %d from other than %s", c.Port, f.set.Name)})
	}
	return append(rules, &nftables.Rule{Table: table(), Chain: stackChain(),
		UserData: comment("what %s brings", c.Device),
		Exprs: []expr.Any{
			&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: 1},
			&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: append([]byte(c.Device), 0)},
			&expr.Counter{},
			&expr.Verdict{Kind: expr.VerdictDrop},
		}})
}

// comment is what nft(8) shows behind a rule, and intact compares.
func comment(format string, args ...any) []byte {
	return userdata.AppendString(nil, userdata.TypeComment, fmt.Sprintf(format, args...))
}

func (f family) foreign(port uint16) []expr.Any {
	is := func(data ...byte) *expr.Cmp { return &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: data} }
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: 1}, is(f.proto),
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, is(unix.IPPROTO_UDP),
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
		is(binary.BigEndian.AppendUint16(nil, port)...),
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: f.offset, Len: f.bytes},
		&expr.Lookup{SourceRegister: 1, SetName: f.set.Name, Invert: true},
		&expr.Counter{},
		&expr.Verdict{Kind: expr.VerdictDrop},
	}
}

func removeFilter() error {
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	conn.AddTable(table()) // so that deleting never fails
	conn.DelTable(table())
	if err := conn.Flush(); err != nil {
		return errors.Join(fmt.Errorf("remove nftables table inet %s", tableName), err)
	}
	return nil
}
