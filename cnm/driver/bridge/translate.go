// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"fmt"
	"net/netip"

	"github.com/google/nftables"

	"github.com/linkspan/linkspan/cnm/driver/filter"
	"github.com/linkspan/linkspan/cnm/driver/publish"
)

// translate adds the maps of published ports and the chains that use them. It
// returns the sets of the ports that routed networks publish, by family.
func (b builder) translate(ports []publish.Binding) (open [2]*nftables.Set, err error) {
	chains := []*nftables.Chain{
		b.base("prerouting", nftables.ChainTypeNAT, nftables.ChainHookPrerouting, nftables.ChainPriorityNATDest),
		b.base("output", nftables.ChainTypeNAT, nftables.ChainHookOutput, nftables.ChainPriorityNATDest),
	}
	for family := range open {
		here, everywhere := filter.PortMap(b.table, "here", family, true), filter.PortMap(b.table, "ports", family, false)
		open[family] = &nftables.Set{Table: b.table, Name: openName(family), Concatenation: true,
			KeyType: filter.PortKeyType(family, true)}
		var at, all, routed []nftables.SetElement
		for _, p := range ports {
			switch {
			case filter.FamilyOf(p.Container.Addr()) != family:
			case p.Routed:
				routed = append(routed, nftables.SetElement{Key: filter.PortElement(p.Container.Addr(), p.Proto, p.Container.Port())})
			case p.Host.Addr().IsUnspecified():
				all = append(all, nftables.SetElement{Key: filter.PortElement(netip.Addr{}, p.Proto, p.Host.Port()), Val: filter.PortTarget(p.Container)})
			default:
				at = append(at, nftables.SetElement{Key: filter.PortElement(p.Host.Addr(), p.Proto, p.Host.Port()), Val: filter.PortTarget(p.Container)})
			}
		}
		for set, elements := range map[*nftables.Set][]nftables.SetElement{here: at, everywhere: all, open[family]: routed} {
			if err := b.conn.AddSet(set, elements); err != nil {
				return open, err
			}
		}
		for _, c := range chains {
			b.rule(c, filter.OfFamily(family), filter.ToThisHost(), filter.PortKey(family, true), filter.Send(family, here))
			b.rule(c, filter.OfFamily(family), filter.ToThisHost(), filter.PortKey(family, false), filter.Send(family, everywhere))
		}
	}
	return open, nil
}

// openName is the set of ports of routed networks that are open.
func openName(family int) string { return fmt.Sprintf("open%d", 4+2*family) }
