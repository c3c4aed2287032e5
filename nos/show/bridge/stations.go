// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/linkspan/linkspan/nos/show"
	"github.com/linkspan/linkspan/ovs"
)

func (s Source) stations(ctx context.Context, args []string) (show.Report, error) {
	t := show.Table{Name: "stations", Columns: []string{"vlan", "mac", "port", "age", "kind"}}
	if _, err := s.chosen("vlans", "VLAN", args); err != nil {
		return show.Report{}, err
	}
	devices, err := s.rows(ctx, "Interface", "ofport")
	if err != nil || len(devices) == 0 {
		return show.Report{Tables: []show.Table{t}}, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	all, err := s.Switch.Learnt(ctx)
	if err != nil {
		return show.Report{}, err
	}
	slices.SortFunc(all, func(a, b ovs.Learnt) int {
		return cmp.Or(cmp.Compare(a.VLAN, b.VLAN), bytes.Compare(a.MAC[:], b.MAC[:]))
	})
	names := s.byOFPort(devices)
	for _, l := range all {
		if len(args) > 0 && strconv.Itoa(int(l.VLAN)) != args[0] {
			continue
		}
		kind, age := "learnt", any(l.Age)
		if l.Static {
			kind, age = "static", nil
		}
		t.Rows = append(t.Rows, []any{int(l.VLAN), l.MAC.String(), where(names, l.OFPort), age, kind})
	}
	return show.Report{Tables: []show.Table{t}}, nil
}

// where says which port a station is on, by its OpenFlow number if it is none of the configuration.
func where(names map[uint32]string, of uint32) string {
	if of == 0 {
		return "switch"
	}
	return or(names[of], "OpenFlow "+strconv.Itoa(int(of)))
}

// byOFPort returns the names of ports by the OpenFlow numbers of their devices.
// Numbers are a bridge's own, so that only its devices are looked at.
func (s Source) byOFPort(found map[string]row) map[uint32]string {
	names := map[uint32]string{}
	add := func(port, device string) {
		if n, ok := found[device].number("ofport").(int64); ok && n > 0 {
			names[uint32(n)] = port
		}
	}
	for p := range s.list("ports").Entries() {
		for _, d := range devices(p) {
			add(p.Key()[0], d)
		}
	}
	for v := range s.list("vlans").Entries() {
		add("vlan"+v.Key()[0], "vlan"+v.Key()[0])
	}
	return names
}
