// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"

	"github.com/linkspan/linkspan/nos/show"
)

func (s Source) mirrors(ctx context.Context, args []string) (show.Report, error) {
	chosen, err := s.chosen("mirrors", "mirror", args)
	if err != nil {
		return show.Report{}, err
	}
	found, err := s.rows(ctx, "Mirror", "statistics")
	if err != nil {
		return show.Report{}, err
	}
	t := show.Table{Name: "mirrors", Columns: []string{"mirror", "from_port", "to_port", "vlans", "output", "packets", "bytes"}}
	for _, m := range chosen {
		from, to := m.Child("from-port").Values(), m.Child("to-port").Values()
		if len(from)+len(to) == 0 {
			from, to = []string{"all"}, []string{"all"}
		}
		output := m.Get("output-port")
		if output == "" {
			output = "vlan " + m.Get("output-vlan")
		}
		counted := found[m.Key()[0]].pairs("statistics")
		t.Rows = append(t.Rows, []any{
			m.Key()[0], from, to, or(m.Get("vlans"), "all"), output, number(counted["tx_packets"]), number(counted["tx_bytes"]),
		})
	}
	return show.Report{Tables: []show.Table{t}}, nil
}
