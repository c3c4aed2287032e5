// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/show"
)

// Counter is what an interface has counted since it is there.
type Counter struct {
	Name                 string
	Up                   bool
	RxBytes, TxBytes     uint64
	RxPackets, TxPackets uint64
	RxErrors, TxErrors   uint64
	RxDropped, TxDropped uint64
}

// Counters returns the counters of all interfaces, sorted by their names.
func Counters(context.Context) ([]Counter, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	slices.SortFunc(links, byName)
	all := make([]Counter, 0, len(links))
	for _, l := range links {
		c := Counter{Name: l.Attrs().Name, Up: up(l) == "up"}
		if s := l.Attrs().Statistics; s != nil {
			c.RxBytes, c.TxBytes, c.RxPackets, c.TxPackets = s.RxBytes, s.TxBytes, s.RxPackets, s.TxPackets
			c.RxErrors, c.TxErrors, c.RxDropped, c.TxDropped = s.RxErrors, s.TxErrors, s.RxDropped, s.TxDropped
		}
		all = append(all, c)
	}
	return all, nil
}

func byName(a, b netlink.Link) int { return strings.Compare(a.Attrs().Name, b.Attrs().Name) }

func find(name string) (netlink.Link, error) {
	l, err := netlink.LinkByName(name)
	var none netlink.LinkNotFoundError
	if errors.As(err, &none) {
		return nil, &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("there is no interface %q", name)}
	}
	return l, err
}

// up says how a link is. Of those that do not tell (a tunnel, a tap) it is what was asked for.
func up(l netlink.Link) string {
	switch s := l.Attrs().OperState; {
	case l.Attrs().RawFlags&linkUp == 0:
		return "disabled"
	case s == netlink.OperUnknown:
		return "up"
	default:
		return s.String()
	}
}

// linkUp is IFF_UP of netdevice(7).
const linkUp = 1

func interfaces(_ context.Context, args []string) (show.Report, error) {
	links, err := only(args)
	if err != nil {
		return show.Report{}, err
	}
	addresses, err := addressesByLink()
	if err != nil {
		return show.Report{}, err
	}
	if len(args) > 0 {
		return one(links[0], addresses), nil
	}
	t := show.Table{Name: "interfaces", Columns: []string{"interface", "state", "mtu", "addresses", "rx_bytes", "tx_bytes"}}
	for _, l := range links {
		a := l.Attrs()
		var rx, tx any
		if a.Statistics != nil {
			rx, tx = a.Statistics.RxBytes, a.Statistics.TxBytes
		}
		t.Rows = append(t.Rows, []any{a.Name, up(l), a.MTU, addresses[a.Index], rx, tx})
	}
	return show.Report{Tables: []show.Table{t}}, nil
}

// one is all that is known of one interface.
func one(l netlink.Link, addresses map[int][]string) show.Report {
	a := l.Attrs()
	r := show.Report{Facts: []show.Fact{
		{Name: "interface", Value: a.Name}, {Name: "state", Value: up(l)}, {Name: "kind", Value: l.Type()}, {Name: "mac", Value: a.HardwareAddr.String()},
		{Name: "mtu", Value: a.MTU}, {Name: "addresses", Value: addresses[a.Index]},
	}}
	if s := a.Statistics; s != nil {
		r.Facts = append(
			r.Facts,
			show.Fact{Name: "rx_bytes", Value: s.RxBytes}, show.Fact{Name: "tx_bytes", Value: s.TxBytes},
			show.Fact{Name: "rx_packets", Value: s.RxPackets}, show.Fact{Name: "tx_packets", Value: s.TxPackets},
			show.Fact{Name: "rx_errors", Value: s.RxErrors}, show.Fact{Name: "tx_errors", Value: s.TxErrors},
			show.Fact{Name: "rx_dropped", Value: s.RxDropped}, show.Fact{Name: "tx_dropped", Value: s.TxDropped},
		)
	}
	return r
}

// addressesByLink returns the addresses of both families by the number of their link.
func addressesByLink() (map[int][]string, error) {
	all, err := netlink.AddrList(nil, netlink.FAMILY_ALL)
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	by := map[int][]string{}
	for _, a := range all {
		by[a.LinkIndex] = append(by[a.LinkIndex], a.IPNet.String())
	}
	return by, nil
}
