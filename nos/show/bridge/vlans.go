// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"slices"
	"strconv"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/show"
	"github.com/linkspan/linkspan/nos/tree"
)

// carried is which ports carry a VLAN.
type carried struct{ untagged, tagged []string }

func (s Source) vlans(_ context.Context, args []string) (show.Report, error) {
	chosen, err := s.chosen("vlans", "VLAN", args)
	if err != nil {
		return show.Report{}, err
	}
	on, everywhere := s.carried()
	t := show.Table{Name: "vlans", Columns: []string{"vlan", "untagged", "tagged", "addresses", "description"}}
	for _, v := range chosen {
		id, _ := strconv.Atoi(v.Key()[0])
		c := on[uint16(id)]
		tagged := slices.Clone(c.tagged)
		for _, name := range everywhere {
			if !slices.Contains(c.untagged, name) {
				tagged = append(tagged, name)
			}
		}
		slices.Sort(tagged)
		t.Rows = append(t.Rows, []any{id, c.untagged, tagged, v.Child("interface").Child("address").Values(), text(v.Get("description"))})
	}
	return show.Report{Tables: []show.Table{t}}, nil
}

// carried returns the ports of each VLAN, and those that carry every VLAN.
func (s Source) carried() (on map[uint16]carried, everywhere []string) {
	on = map[uint16]carried{}
	for p := range s.list("ports").Entries() {
		name, mode := p.Key()[0], p.Get("mode")
		native := untagged(p)
		if native != 0 && mode != "native-tagged" {
			c := on[native]
			c.untagged = append(c.untagged, name)
			on[native] = c
		}
		if mode == "access" {
			continue
		}
		allowed := p.Child("allowed-vlans").Value()
		if allowed == "" {
			everywhere = append(everywhere, name)
		}
		for _, id := range schema.VLANs(allowed) {
			if id != native || mode == "native-tagged" {
				c := on[id]
				c.tagged = append(c.tagged, name)
				on[id] = c
			}
		}
	}
	return on, everywhere
}

// untagged returns the VLAN of frames without a tag, 0 if there are none.
func untagged(p tree.Node) uint16 {
	_, vlan, _ := membership(p)
	id, _ := vlan.(string)
	n, _ := strconv.ParseUint(id, 10, 12)
	return uint16(n)
}
