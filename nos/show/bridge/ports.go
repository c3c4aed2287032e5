// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"

	"github.com/linkspan/linkspan/nos/show"
	"github.com/linkspan/linkspan/nos/tree"
)

func (s Source) ports(ctx context.Context, args []string) (show.Report, error) {
	chosen, err := s.chosen("ports", "port", args)
	if err != nil {
		return show.Report{}, err
	}
	found, err := s.rows(ctx, "Interface", "link_state", "admin_state", "link_speed", "duplex", "mtu", "mac_in_use", "ofport", "error", "statistics")
	if err != nil {
		return show.Report{}, err
	}
	if len(args) > 0 {
		return onePort(chosen[0], found), nil
	}
	t := show.Table{Name: "ports", Columns: []string{"port", "state", "mode", "vlan", "allowed_vlans", "speed", "description"}}
	for _, p := range chosen {
		mode, vlan, allowed := membership(p)
		t.Rows = append(t.Rows, []any{p.Key()[0], state(p, found), mode, vlan, allowed, speed(p, found), text(p.Get("description"))})
	}
	return show.Report{Tables: []show.Table{t}}, nil
}

// membership returns the mode of a port, the VLAN of frames without a tag, and what VLANs
// may have one.
func membership(p tree.Node) (mode string, vlan, allowed any) {
	mode = p.Get("mode")
	switch mode {
	case "access":
		return mode, or(p.Get("vlan"), "1"), nil
	case "trunk":
		return mode, nil, or(p.Get("allowed-vlans"), "all")
	}
	return mode, or(p.Get("native-vlan"), "1"), or(p.Get("allowed-vlans"), "all")
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// state says how a port is: up when one of its devices is.
func state(p tree.Node, found map[string]row) string {
	worst := "missing"
	for _, d := range devices(p) {
		r, ok := found[d]
		switch {
		case !ok || r.text("error") != "":
		case r.text("admin_state") == "down" && worst == "missing":
			worst = "disabled"
		case r.text("link_state") == "up":
			return "up"
		default:
			worst = "down"
		}
	}
	return worst
}

// speed returns what the devices of a port do together, in bits per second; nil if
// none tells.
func speed(p tree.Node, found map[string]row) any {
	sum := int64(0)
	for _, d := range devices(p) {
		if r, ok := found[d]; ok && r.text("link_state") == "up" {
			n, _ := r.number("link_speed").(int64)
			sum += n
		}
	}
	if sum == 0 {
		return nil
	}
	return sum
}

func onePort(p tree.Node, found map[string]row) show.Report {
	mode, vlan, allowed := membership(p)
	r := show.Report{Facts: []show.Fact{
		{Name: "port", Value: p.Key()[0]}, {Name: "description", Value: text(p.Get("description"))},
		{Name: "state", Value: state(p, found)}, {Name: "mode", Value: mode}, {Name: "vlan", Value: vlan}, {Name: "allowed_vlans", Value: allowed},
	}}
	t := show.Table{Name: "devices", Columns: []string{
		"device", "state", "mac", "mtu", "speed", "duplex", "rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "rx_dropped", "tx_dropped", "rx_errors", "tx_errors", "error",
	}}
	for _, d := range devices(p) {
		of, ok := found[d]
		if !ok {
			of = row{}
		}
		cells := []any{d, text(of.text("link_state")), text(of.text("mac_in_use")), of.number("mtu"), of.number("link_speed"), text(of.text("duplex"))}
		counted := of.pairs("statistics")
		for _, c := range t.Columns[6:14] {
			cells = append(cells, number(counted[c]))
		}
		t.Rows = append(t.Rows, append(cells, text(of.text("error"))))
	}
	r.Tables = []show.Table{t}
	return r
}
