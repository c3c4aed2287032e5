// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/show"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs"
)

// Source is where the answers come from.
type Source struct {
	Switch  *ovs.Switch       // of the bridge br-switch; it may be away
	Running func() *tree.Tree // the configuration that runs
}

// Items returns what can be shown: bond, mac, mirror, ports, spanning-tree and vlan.
func (s Source) Items() []show.Item {
	port := show.Arg{Name: "port", Help: "Only this one", Values: s.keys("ports")}
	vlan := show.Arg{Name: "vlan", Help: "Only this one", Values: s.keys("vlans")}
	mirror := show.Arg{Name: "mirror", Help: "Only this one", Values: s.keys("mirrors")}
	bond := show.Arg{Name: "bond", Help: "Only this one", Values: s.bondNames}
	return []show.Item{
		{Name: "ports", Help: "Ports of the bridge", Args: []show.Arg{port}, Show: s.ports},
		{Name: "vlan", Help: "VLANs and the ports that they are on", Args: []show.Arg{vlan}, Show: s.vlans},
		{Name: "mac", Help: "Stations that the bridge has learnt", Args: []show.Arg{vlan}, Show: s.stations},
		{Name: "spanning-tree", Help: "The bridge and its ports in the spanning tree", Show: s.spanningTree},
		{Name: "bond", Help: "Bonds, their devices and LACP", Args: []show.Arg{bond}, Show: s.bonds},
		{Name: "mirror", Help: "Mirrors and what they have copied", Args: []show.Arg{mirror}, Show: s.mirrors},
	}
}

// list returns a list of the configuration.
func (s Source) list(name string) tree.Node { return s.Running().Root().Child(name) }

// keys returns what lists the names of a list's entries.
func (s Source) keys(list string) func(context.Context) []string {
	return func(context.Context) []string {
		var keys []string
		for e := range s.list(list).Entries() {
			keys = append(keys, e.Key()[0])
		}
		return keys
	}
}

func (s Source) bondNames(context.Context) []string {
	var names []string
	for p := range s.list("ports").Entries() {
		if p.Child("bond").There() {
			names = append(names, p.Key()[0])
		}
	}
	return names
}

// chosen returns the entries of a list that are asked for: one, or all.
func (s Source) chosen(list, what string, args []string) ([]tree.Node, error) {
	if len(args) == 0 {
		return slices.Collect(s.list(list).Entries()), nil
	}
	one := s.list(list).Entry(args[0])
	if !one.There() {
		return nil, &linkspan.Error{Code: linkspan.NotFound, Message: "there is no " + what + " " + args[0]}
	}
	return []tree.Node{one}, nil
}

// devices returns the devices of a port.
func devices(p tree.Node) []string {
	if members := p.Child("bond").Child("member").Values(); len(members) > 0 {
		return members
	}
	return p.Key()
}

// text returns a cell of a text that may not be known.
func text(value string) any {
	if value == "" {
		return nil
	}
	return value
}
