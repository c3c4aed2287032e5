// SPDX-License-Identifier: Apache-2.0

package show

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
)

func report() Report {
	at := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	return Report{
		Facts: []Fact{{"hostname", "edge1"}, {"uptime", 90 * time.Second}, {"started", at}, {"fault", nil}, {"load", 0.5}, {"in_fabric", true}},
		Tables: []Table{{Name: "ports", Columns: []string{"port", "vlans", "rx_bytes"}, Rows: [][]any{
			{"eth1", []string{"10", "20"}, uint64(1) << 63}, {"bad\x1b[2J\nname", []string(nil), 7},
		}}},
	}
}

func TestText(t *testing.T) {
	want := `Hostname:  edge1
Uptime:    1m30s
Started:   2026-11-22 20:00:00 UTC
Fault:     -
Load:      0.5
In fabric: yes

PORT          VLANS             RX BYTES
eth1          10 20  9223372036854775808
bad [2J name  -                        7
`
	if diff := cmp.Diff(want, report().Text(80)); diff != "" {
		t.Error(diff)
	}
	narrow := Report{Tables: report().Tables}.Text(30)
	if diff := cmp.Diff("Port:     eth1\nVlans:    10 20\nRx bytes: 9223372036854775808\n\nPort:     bad [2J name\nVlans:    -\nRx bytes: 7\n", narrow); diff != "" {
		t.Error(diff)
	}
	if text := (Report{Tables: []Table{{Columns: []string{"line"}, Rows: [][]any{{"a long line"}, {"b"}}}}}).Text(5); text != "a long line\nb\n" {
		t.Errorf("lines: %q", text)
	}
	if text := (Report{Tables: []Table{{Name: "none", Columns: []string{"a"}}}}).Text(0); text != "(none)\n" {
		t.Errorf("nothing: %q", text)
	}
}

func TestJSON(t *testing.T) {
	got, err := report().JSON()
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "hostname": "edge1",
  "uptime": 90,
  "started": "2026-11-22T20:00:00Z",
  "fault": null,
  "load": 0.5,
  "in_fabric": true,
  "ports": [
    {
      "port": "eth1",
      "vlans": [
        "10",
        "20"
      ],
      "rx_bytes": 9223372036854775808
    },
    {
      "port": "bad\u001b[2J\nname",
      "vlans": [],
      "rx_bytes": 7
    }
  ]
}
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	if got, err := (Report{Tables: []Table{{Name: "none", Columns: []string{"a"}}}}).JSON(); err != nil || string(got) != "[]\n" {
		t.Errorf("nothing: %q, %v", got, err)
	}
	for _, wrong := range []Report{
		{Facts: []Fact{{"a", struct{}{}}}}, {Tables: []Table{{Columns: []string{"a"}, Rows: [][]any{{1, 2}}}}}, {Tables: []Table{{Columns: []string{"a"}, Rows: [][]any{{int32(1)}}}}},
	} {
		if _, err := wrong.JSON(); err == nil {
			t.Errorf("%+v is written", wrong)
		}
	}
}

// What goes over the wire is the same report: what people read and programs get does not change.
func TestProto(t *testing.T) {
	r := FromProto(ToProto(report()))
	before, _ := report().JSON()
	after, err := r.JSON()
	if diff := cmp.Diff(string(before), string(after)); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestCatalogue(t *testing.T) {
	nothing := func(context.Context, []string) (Report, error) { return Report{}, nil }
	item := Item{Name: "vlan", Help: "VLANs", Args: []Arg{{Name: "vlan"}}, Show: nothing}
	c, err := NewCatalogue(item, Item{Name: "arp", Help: "Neighbours", Show: nothing})
	if err != nil || c.Items()[0].Name != "arp" {
		t.Fatal(c, err)
	}
	for name, want := range map[string]linkspan.Code{"vlan": linkspan.Invalid, "mac": linkspan.NotFound} {
		if _, err := c.Show(t.Context(), name, []string{"10", "20"}); linkspan.CodeOf(err) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewCatalogue(item, item); err == nil {
		t.Error("a name is there twice")
	}
	if _, err := NewCatalogue(Item{Name: "x"}); err == nil {
		t.Error("there is nothing to show")
	}
}
