// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"slices"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan/nos/show"
)

// Items returns what can be shown: interfaces, arp and route.
func Items() []show.Item {
	device := show.Arg{Name: "interface", Help: "Only this one", Values: Names}
	return []show.Item{
		{Name: "interfaces", Help: "Interfaces, their addresses and counters", Args: []show.Arg{device}, Show: interfaces},
		{Name: "arp", Help: "Neighbours of both families that the switch itself knows", Args: []show.Arg{device}, Show: neighbours},
		{Name: "route", Help: "Routes that the switch itself sends by", Show: routes},
	}
}

// Names returns the names of all interfaces but the loopback one, sorted; nil
// if they cannot be read.
func Names(context.Context) []string {
	links, err := netlink.LinkList()
	if err != nil {
		return nil
	}
	var names []string
	for _, l := range links {
		if l.Attrs().Name != "lo" {
			names = append(names, l.Attrs().Name)
		}
	}
	slices.Sort(names)
	return names
}

// only returns the interfaces that are asked for, sorted by their names.
func only(args []string) ([]netlink.Link, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, err
	}
	if len(args) > 0 {
		one, err := find(args[0])
		return []netlink.Link{one}, err
	}
	slices.SortFunc(links, byName)
	return links, nil
}
