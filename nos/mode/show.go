// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"context"
	"strings"

	"github.com/linkspan/linkspan/nos/show"
)

// Shows returns what this package knows for `show`.
func (k *Keeper) Shows() []show.Item {
	return []show.Item{{Name: "control", Help: "Who decides about packets, and the hosts that the fabric knows", Show: k.show}}
}

func (k *Keeper) show(context.Context, []string) (show.Report, error) {
	r := k.Report()
	out := show.Report{Facts: []show.Fact{
		{Name: "mode", Value: r.Mode}, {Name: "controller", Value: r.Controller}, {Name: "since", Value: r.Since}, {Name: "fallen_back", Value: r.FallenBack},
	}}
	zones := show.Table{Name: "zones", Columns: []string{"port", "vlan", "mode", "network"}}
	for _, z := range r.Zones {
		zones.Rows = append(zones.Rows, []any{z.Port, int(z.VLAN), z.Mode, z.Network})
	}
	hosts := show.Table{Name: "stations", Columns: []string{"vlan", "address", "address6", "mac", "port", "in_fabric", "heard", "claimed_by"}}
	for _, h := range r.Stations {
		hosts.Rows = append(hosts.Rows, []any{int(h.VLAN), h.Address, h.Second, h.MAC, h.Port, h.Number != 0, h.Heard, h.Claimed})
	}
	guests := show.Table{Name: "foreign", Columns: []string{"name", "bridge", "controller"}}
	for _, f := range r.Foreign {
		guests.Rows = append(guests.Rows, []any{f.Name, f.Bridge, f.Target})
	}
	changes := show.Table{Name: "changes", Columns: []string{"time", "because", "to_controller", "to_switch", "stations", "took", "failed"}}
	for _, c := range r.Recent {
		changes.Rows = append(changes.Rows, []any{c.Time, c.Because, strings.Join(c.To, " "), strings.Join(c.Back, " "), c.Stations, c.Took, c.Failed})
	}
	out.Tables = []show.Table{zones, hosts, guests, changes}
	return out, nil
}
