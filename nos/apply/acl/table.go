// SPDX-License-Identifier: Apache-2.0

package acl

import (
	"encoding/binary"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// The table, which is this package's alone.
//
//	table inet linkspan-acl {
//		set ports { type ifname; elements = { eth1 } }
//		map in { type ifname : verdict; elements = { vlan10 : jump list-offices } }   # out alike
//		chain list-offices { ip saddr 192.0.2.0/24 tcp dport 443 accept; counter drop }
//		chain stack { type filter hook prerouting priority raw; iifname @ports counter drop }
//		chain in { type filter hook forward priority -10; iifname vmap @in }
//		chain out { type filter hook forward priority -9; oifname vmap @out }
//	}
const (
	tableName  = "linkspan-acl"
	portsSet   = "ports"
	stackChain = "stack"
	inChain    = "in"
	outChain   = "out"
	listPrefix = "list-"
)

// What the comments of the rules are that are not of a list.
const (
	// The userspace datapath reads a port by a packet socket, which takes a copy: the
	// kernel still hands every frame to the host's own stack.
	shield  = "what enters a port is the bridge's"
	inText  = "what hosts of a VLAN send"
	outText = "what hosts of a VLAN get"
)

// register is the first 32-bit register of nftables.
const register = unix.NFT_REG32_00

// buffer is what a transaction may take on its way into the kernel, in bytes.
const buffer = 64 << 20

// atOnce is how many elements of a set one message adds: its length is in 16 bits.
const atOnce = 256

func open() (*nftables.Conn, error) {
	conn, err := nftables.New(nftables.WithSockOptions(func(c *netlink.Conn) error {
		_ = c.SetWriteBuffer(buffer) // then it is as great as the kernel lets it be
		_ = c.SetReadBuffer(buffer)
		return nil
	}))
	if err != nil {
		return nil, fmt.Errorf("nftables: %w", err)
	}
	return conn, nil
}

// replace makes the table hold the rules, and nothing else; without rules there is none.
func replace(r rules) error {
	conn, err := open()
	if err != nil {
		return err
	}
	w := &writer{conn: conn, table: &nftables.Table{Family: nftables.TableFamilyINet, Name: tableName}}
	conn.AddTable(w.table) // so that deleting never fails
	conn.DelTable(w.table)
	if !r.empty() {
		conn.AddTable(w.table)
		err = w.write(r)
	}
	if err == nil {
		err = conn.Flush()
	}
	if err != nil {
		return fmt.Errorf("nftables table inet %s: %w", tableName, err)
	}
	return nil
}

// writer writes one transaction.
type writer struct {
	conn  *nftables.Conn
	table *nftables.Table
}

func (w *writer) write(r rules) error {
	for _, name := range slices.Sorted(maps.Keys(r.lists)) {
		w.list(name, r.lists[name])
	}
	members := &nftables.Set{Table: w.table, Name: portsSet, KeyType: nftables.TypeIFName, KeyByteOrder: binaryutil.NativeEndian}
	var elements []nftables.SetElement
	for _, name := range r.ports {
		elements = append(elements, nftables.SetElement{Key: ifname(name)})
	}
	if err := w.set(members, elements); err != nil {
		return err
	}
	stack := w.base(stackChain, nftables.ChainHookPrerouting, *nftables.ChainPriorityRaw)
	w.rule(stack, shield, name(expr.MetaKeyIIFNAME),
		[]expr.Any{&expr.Lookup{SourceRegister: register, SetName: members.Name, SetID: members.ID}}, verdict(false))
	if err := w.side(inChain, inText, -10, expr.MetaKeyIIFNAME, r.in); err != nil {
		return err
	}
	return w.side(outChain, outText, -9, expr.MetaKeyOIFNAME, r.out)
}

// set adds a set and what is in it.
func (w *writer) set(s *nftables.Set, elements []nftables.SetElement) error {
	if err := w.conn.AddSet(s, nil); err != nil {
		return err
	}
	for some := range slices.Chunk(elements, atOnce) {
		if err := w.conn.SetAddElements(s, some); err != nil {
			return err
		}
	}
	return nil
}

// base adds a chain that the kernel asks.
func (w *writer) base(name string, hook *nftables.ChainHook, priority nftables.ChainPriority) *nftables.Chain {
	return w.conn.AddChain(&nftables.Chain{Name: name, Table: w.table, Type: nftables.ChainTypeFilter, Hooknum: hook, Priority: &priority})
}

// side adds the chain that asks the list of the device on one side of what is routed. A list's
// permission ends that chain alone: the other side is asked, too.
func (w *writer) side(chain, text string, priority nftables.ChainPriority, key expr.MetaKey, lists map[string]string) error {
	jumps := &nftables.Set{Table: w.table, Name: chain, IsMap: true, KeyType: nftables.TypeIFName, KeyByteOrder: binaryutil.NativeEndian, DataType: nftables.TypeVerdict}
	var elements []nftables.SetElement
	for _, device := range slices.Sorted(maps.Keys(lists)) {
		elements = append(elements, nftables.SetElement{
			Key: ifname(device), VerdictData: &expr.Verdict{Kind: expr.VerdictJump, Chain: listPrefix + lists[device]},
		})
	}
	if err := w.set(jumps, elements); err != nil {
		return err
	}
	w.rule(w.base(chain, nftables.ChainHookForward, priority), text, name(key),
		[]expr.Any{&expr.Lookup{SourceRegister: register, IsDestRegSet: true, SetName: jumps.Name, SetID: jumps.ID}})
	return nil
}

func (w *writer) list(name string, l list) {
	chain := w.conn.AddChain(&nftables.Chain{Name: listPrefix + name, Table: w.table})
	for _, r := range l.rules {
		w.rule(chain, r.String(), r.match(), verdict(r.permit))
	}
	w.rule(chain, "otherwise "+verb(l.permit), verdict(l.permit))
}

func (w *writer) rule(chain *nftables.Chain, comment string, parts ...[]expr.Any) {
	w.conn.AddRule(&nftables.Rule{
		Table: w.table, Chain: chain, Exprs: slices.Concat(parts...), UserData: userdata.AppendString(nil, userdata.TypeComment, comment),
	})
}

// verdict counts what is dropped.
func verdict(permit bool) []expr.Any {
	if permit {
		return []expr.Any{&expr.Verdict{Kind: expr.VerdictAccept}}
	}
	return []expr.Any{&expr.Counter{}, &expr.Verdict{Kind: expr.VerdictDrop}}
}

// ifname is a name as sets hold it.
func ifname(name string) []byte {
	return append([]byte(name), make([]byte, unix.IFNAMSIZ-len(name))...)
}

func name(key expr.MetaKey) []expr.Any { return []expr.Any{&expr.Meta{Key: key, Register: register}} }

func is(data ...byte) *expr.Cmp { return &expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: data} }

// match returns what a packet must be for the rule.
func (r rule) match() []expr.Any {
	all := r.family()
	all = append(all, address(r.source, 12, 8)...)
	all = append(all, address(r.destination, 16, 24)...)
	if number, ok := protocols()[r.protocol]; ok {
		all = append(all, &expr.Meta{Key: expr.MetaKeyL4PROTO, Register: register}, is(number))
	}
	all = append(all, r.from.match(0)...)
	return append(all, r.to.match(2)...)
}

// family matches the address family that the rule is of, if it is of one.
func (r rule) family() []expr.Any {
	v4 := r.protocol == "icmp" || r.source.Addr().Is4() || r.destination.Addr().Is4()
	v6 := r.protocol == "icmpv6" || r.source.Addr().Is6() || r.destination.Addr().Is6()
	switch {
	case v4:
		return []expr.Any{&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: register}, is(unix.NFPROTO_IPV4)}
	case v6:
		return []expr.Any{&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: register}, is(unix.NFPROTO_IPV6)}
	}
	return nil
}

// address matches an address at its offset in the header (RFC 791, RFC 8200).
func address(p netip.Prefix, v4, v6 uint32) []expr.Any {
	if !p.IsValid() || p.Bits() == 0 {
		return nil
	}
	offset, length := v4, uint32(4)
	if p.Addr().Is6() {
		offset, length = v6, 16
	}
	return []expr.Any{
		&expr.Payload{DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: length},
		&expr.Bitwise{SourceRegister: register, DestRegister: register, Len: length, Mask: net.CIDRMask(p.Bits(), int(length)*8), Xor: make([]byte, length)},
		is(p.Masked().Addr().AsSlice()...),
	}
}

// protocols are the numbers of what packets carry (IANA, Protocol Numbers).
func protocols() map[string]byte {
	return map[string]byte{
		"tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP, "sctp": unix.IPPROTO_SCTP, "icmp": unix.IPPROTO_ICMP, "icmpv6": unix.IPPROTO_ICMPV6,
	}
}

// match matches a port at its offset, which is the same in TCP, UDP and SCTP.
func (p ports) match(offset uint32) []expr.Any {
	if p.last == 0 {
		return nil
	}
	two := func(n uint16) []byte { return binary.BigEndian.AppendUint16(nil, n) }
	load := &expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Offset: offset, Len: 2}
	if p.first == p.last {
		return []expr.Any{load, is(two(p.first)...)}
	}
	return []expr.Any{load, &expr.Range{Op: expr.CmpOpEq, Register: register, FromData: two(p.first), ToData: two(p.last)}}
}
