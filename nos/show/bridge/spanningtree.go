// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"time"

	"github.com/linkspan/linkspan/nos/show"
)

// spanningTree shows what Open vSwitch says in its columns rstp_status and rstp_statistics.
func (s Source) spanningTree(ctx context.Context, _ []string) (show.Report, error) {
	r := show.Report{Facts: []show.Fact{{Name: "enabled", Value: s.list("spanning-tree").Get("enabled") == "true"}}}
	if r.Facts[0].Value == false {
		return r, nil
	}
	bridges, err := s.rows(ctx, "Bridge", "rstp_status")
	if err != nil {
		return show.Report{}, err
	}
	ports, err := s.rows(ctx, "Port", "rstp_status", "rstp_statistics")
	if err != nil {
		return show.Report{}, err
	}
	of := bridges["br-switch"].pairs("rstp_status")
	r.Facts = append(
		r.Facts,
		show.Fact{Name: "bridge", Value: text(of["rstp_bridge_id"])}, show.Fact{Name: "root", Value: text(of["rstp_root_id"])},
		show.Fact{Name: "is_root", Value: of["rstp_bridge_id"] != "" && of["rstp_bridge_id"] == of["rstp_root_id"]},
		show.Fact{Name: "root_path_cost", Value: number(of["rstp_root_path_cost"])},
	)
	t := show.Table{Name: "ports", Columns: []string{"port", "role", "state", "designated_bridge", "received", "sent", "errors", "for"}}
	for p := range s.list("ports").Entries() {
		name := p.Key()[0]
		now, counted := ports[name].pairs("rstp_status"), ports[name].pairs("rstp_statistics")
		if now["rstp_port_role"] == "" {
			continue // it takes no part
		}
		t.Rows = append(t.Rows, []any{
			name, now["rstp_port_role"], now["rstp_port_state"], text(now["rstp_designated_bridge_id"]),
			number(counted["rstp_rx_count"]), number(counted["rstp_tx_count"]), number(counted["rstp_error_count"]), since(counted["rstp_uptime"]),
		})
	}
	r.Tables = []show.Table{t}
	return r, nil
}

// since returns seconds as a duration, nil if they are not known.
func since(seconds string) any {
	if n, ok := number(seconds).(int64); ok {
		return time.Duration(n) * time.Second
	}
	return nil
}
