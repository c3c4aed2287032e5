// SPDX-License-Identifier: Apache-2.0

package overlay

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/cnm/driver/filter"
)

// The table, which is this driver's alone. The VNI lies behind the headers of
// UDP and the flags of VXLAN (RFC 7348, 5); packets with other VNIs belong to
// others on the host.
//
//	table inet linkspan-overlay {
//		set networks { type mark; elements = { VNI } }
//		set hosts4 { type mark . ipv4_addr; elements = { VNI . HOST } }   # hosts6 alike
//		chain input { type filter hook input priority filter
//			udp dport 4789 VNI != @networks accept
//			meta nfproto ipv4 udp dport 4789 VNI . ip saddr @hosts4 accept
//			udp dport 4789 counter drop
//		}
//	}
const tableName = "linkspan-overlay"

// guard replaces the table in one transaction if it is to have other networks
// or hosts, or removes it when there is no network. The lock is held.
func (d *Driver) guard() error {
	has := d.admitted()
	if has == d.guarded {
		return nil
	}
	if err := d.replaceGuard(); err != nil {
		return err
	}
	d.guarded = has
	return nil
}

// admitted is a text that differs when the tables do.
func (d *Driver) admitted() string {
	var keys []string
	vnis := d.vnis()
	for _, vni := range vnis {
		keys = append(keys, string(vniKey(vni)))
	}
	for _, e := range append(d.hosts(vnis, netip.Addr.Is4), d.hosts(vnis, netip.Addr.Is6)...) {
		keys = append(keys, string(e.Key))
	}
	slices.Sort(keys)
	return strings.Join(keys, "")
}

func (d *Driver) replaceGuard() error {
	table := filter.Table(tableName)
	vnis := d.vnis()
	if len(vnis) == 0 {
		return filter.Remove(table)
	}
	return filter.Replace(table, func(conn *nftables.Conn) error { return d.addGuard(conn, table, vnis) })
}

// vnis returns those of the networks, each once, sorted.
func (d *Driver) vnis() []uint32 {
	var vnis []uint32
	for _, n := range d.networks {
		if n.vni != 0 {
			vnis = append(vnis, n.vni)
		}
	}
	slices.Sort(vnis)
	return slices.Compact(vnis)
}

func (d *Driver) addGuard(conn *nftables.Conn, table *nftables.Table, vnis []uint32) error {
	networks := &nftables.Set{Table: table, Name: "networks", KeyType: nftables.TypeMark}
	hosts4 := &nftables.Set{Table: table, Name: "hosts4", Concatenation: true,
		KeyType: nftables.MustConcatSetType(nftables.TypeMark, nftables.TypeIPAddr)}
	hosts6 := &nftables.Set{Table: table, Name: "hosts6", Concatenation: true,
		KeyType: nftables.MustConcatSetType(nftables.TypeMark, nftables.TypeIP6Addr)}
	var all []nftables.SetElement
	for _, vni := range vnis {
		all = append(all, nftables.SetElement{Key: vniKey(vni)})
	}
	if err := conn.AddSet(networks, all); err != nil {
		return err
	}
	if err := conn.AddSet(hosts4, d.hosts(vnis, netip.Addr.Is4)); err != nil {
		return err
	}
	if err := conn.AddSet(hosts6, d.hosts(vnis, netip.Addr.Is6)); err != nil {
		return err
	}
	chain := conn.AddChain(&nftables.Chain{Name: "input", Table: table, Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookInput, Priority: nftables.ChainPriorityFilter})
	add := func(parts ...[]expr.Any) {
		conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(filter.ToPort(unix.IPPROTO_UDP, d.options.Port), filter.Rules(parts...)...)})
	}
	foreign := []expr.Any{&expr.Lookup{SourceRegister: filter.Register, SetName: networks.Name, SetID: networks.ID, Invert: true}}
	add(loadVNI(), foreign, filter.Accept())
	add(filter.OfFamily(0), loadVNI(), fromHost(hosts4, 12, 4), filter.Accept())
	add(filter.OfFamily(1), loadVNI(), fromHost(hosts6, 8, 16), filter.Accept())
	add(filter.Drop())
	return nil
}

// hosts returns which hosts of a family may send with which VNI.
func (d *Driver) hosts(vnis []uint32, of func(netip.Addr) bool) []nftables.SetElement {
	var all []nftables.SetElement
	for _, vni := range vnis {
		if d.peers[vni] == nil {
			continue
		}
		for host := range d.peers[vni].hosts {
			if of(host) {
				all = append(all, nftables.SetElement{Key: append(vniKey(vni), host.AsSlice()...)})
			}
		}
	}
	return all
}

// vniKey is a VNI as three bytes of a packet lie in a register.
func vniKey(vni uint32) []byte { return binary.BigEndian.AppendUint32(nil, vni<<8) }

// vniOffset is where the VNI lies in the UDP datagram.
const vniOffset = 8 + 4

func loadVNI() []expr.Any {
	return []expr.Any{&expr.Payload{DestRegister: filter.Register, Base: expr.PayloadBaseTransportHeader, Offset: vniOffset, Len: 3}}
}

// fromHost looks up the VNI that is loaded with the sender behind it.
func fromHost(hosts *nftables.Set, offset, length uint32) []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: filter.Register + 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: length},
		&expr.Lookup{SourceRegister: filter.Register, SetName: hosts.Name, SetID: hosts.ID},
	}
}
