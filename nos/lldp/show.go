// SPDX-License-Identifier: Apache-2.0

package lldp

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/show"
)

// Shows returns what can be shown: lldp.
func (s *Speaker) Shows() []show.Item {
	return []show.Item{{
		Name: "lldp", Help: "Neighbours of ports, as they say themselves, and what was said and heard", Show: s.show,
		Args: []show.Arg{{Name: "port", Help: "Only this one, in full", Values: func(context.Context) []string { return s.names() }}},
	}}
}

// names returns the ports that LLDP is spoken or heard on.
func (s *Speaker) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make(map[string]bool)
	for _, p := range s.ports {
		names[p.port] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// show tells of all ports in short, or of one in full.
func (s *Speaker) show(_ context.Context, args []string) (show.Report, error) {
	if len(args) == 0 {
		return show.Report{Tables: []show.Table{s.short(), s.counted("")}}, nil
	}
	if !slices.Contains(s.names(), args[0]) {
		return show.Report{}, &linkspan.Error{Code: linkspan.NotFound, Message: "LLDP is neither spoken nor heard on a port " + args[0]}
	}
	return show.Report{Tables: []show.Table{s.full(args[0]), s.counted(args[0])}}, nil
}

func (s *Speaker) short() show.Table {
	t := show.Table{Name: "neighbours", Columns: []string{"port", "device", "system", "neighbour_port", "is", "management"}}
	for _, n := range s.Neighbours() {
		system := n.SystemName
		if system == "" {
			system = n.Chassis
		}
		t.Rows = append(t.Rows, []any{n.Port, n.Device, system, n.PortID, n.Capabilities, addresses(n)})
	}
	return t
}

// full has a line for all that a neighbour says.
func (s *Speaker) full(port string) show.Table {
	t := show.Table{Name: "neighbours", Columns: []string{"device", "what", "value"}}
	for _, n := range s.Neighbours() {
		if n.Port != port {
			continue
		}
		vlan := ""
		if n.VLAN != 0 {
			vlan = strconv.Itoa(int(n.VLAN))
		}
		for _, line := range [][2]string{
			{"chassis", n.Chassis}, {"port", n.PortID}, {"port description", n.PortDescription}, {"system", n.SystemName},
			{"system description", n.SystemDescription}, {"is", strings.Join(n.Capabilities, " ")}, {"management", strings.Join(addresses(n), " ")},
			{"vlan", vlan}, {"since", n.Since.UTC().Format(time.RFC3339)}, {"until", n.Until.UTC().Format(time.RFC3339)},
		} {
			t.Rows = append(t.Rows, []any{n.Device, line[0], line[1]})
		}
	}
	return t
}

func addresses(n Neighbour) []string {
	var list []string
	for _, a := range n.Management {
		list = append(list, a.String())
	}
	return list
}

// counted has what was said and heard on a port, "" for all.
func (s *Speaker) counted(port string) show.Table {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := show.Table{Name: "frames", Columns: []string{"port", "device", "sent", "heard", "malformed", "ignored", "expired"}}
	for _, name := range slices.Sorted(maps.Keys(s.ports)) {
		if p := s.ports[name]; port == "" || p.port == port {
			t.Rows = append(t.Rows, []any{p.port, name, p.Sent, p.Heard, p.Malformed, p.Ignored, p.Expired})
		}
	}
	return t
}
