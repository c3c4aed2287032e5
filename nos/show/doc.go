// SPDX-License-Identifier: Apache-2.0

// Package show is what `show` commands answer with: a report of facts and tables,
// which people read as text that fits their terminal and programs as JSON that stays as
// it is. What can be shown is a catalogue of items; each room that knows something brings its own.
//
// It knows nothing of what is shown, and of terminals only their width.
//
//	vlans := show.Item{Name: "vlan", Help: "VLANs and their ports", Show: func(ctx context.Context, args []string) (show.Report, error) {
//		return show.Report{Tables: []show.Table{{Name: "vlans", Columns: []string{"vlan", "ports"}, Rows: [][]any{{10, []string{"eth1"}}}}}}, nil
//	}}
//	c, err := show.NewCatalogue(vlans)
//	report, err := c.Show(ctx, "vlan", nil)
//	fmt.Print(report.Text(80))
package show
