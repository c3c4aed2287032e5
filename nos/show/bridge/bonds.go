// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"

	"github.com/linkspan/linkspan/nos/show"
)

func (s Source) bonds(ctx context.Context, args []string) (show.Report, error) {
	chosen, err := s.chosen("ports", "bond", args)
	if err != nil {
		return show.Report{}, err
	}
	ports, err := s.rows(ctx, "Port", "bond_active_slave")
	if err != nil {
		return show.Report{}, err
	}
	found, err := s.rows(ctx, "Interface", "link_state", "lacp_current", "mac_in_use", "link_speed", "error")
	if err != nil {
		return show.Report{}, err
	}
	t := show.Table{Name: "bonds", Columns: []string{"bond", "mode", "lacp", "device", "link", "speed", "lacp_agreed", "active"}}
	for _, p := range chosen {
		b := p.Child("bond")
		if !b.There() {
			continue
		}
		active := ports[p.Key()[0]].text("bond_active_slave")
		for _, d := range devices(p) {
			of := found[d]
			agreed := any(nil)
			if b.Get("lacp") != "off" {
				agreed = of.text("lacp_current") == "true"
			}
			t.Rows = append(t.Rows, []any{
				p.Key()[0], b.Get("mode"), b.Get("lacp"), d, or(of.text("link_state"), "missing"), of.number("link_speed"), agreed,
				active != "" && active == of.text("mac_in_use"),
			})
		}
	}
	return show.Report{Tables: []show.Table{t}}, nil
}
