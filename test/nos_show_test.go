// SPDX-License-Identifier: Apache-2.0

package test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// TestSwitchShows reads what the bridge does, as people and as programs do.
func TestSwitchShows(t *testing.T) {
	w := threeSwitches(t)
	a := w.station("h1", "p1", "", "10.10.0.1/24")
	w.station("h1", "p2", "", "10.10.0.2/24")
	w.station("h1", "p9", "")
	w.configure("h1", "set vlans 10 description offices", "set ports p1 vlan 10", "set ports p2 vlan 10", "set ports p1 description \"desk 12\"",
		"set ports p9 mode trunk", "set mirrors tap from-port p1", "set mirrors tap output-port p9", "set spanning-tree enabled true",
		"set ports p1 spanning-tree edge yes", "set ports p2 spanning-tree edge yes")
	a.reaches("10.10.0.2")
	shown := func(what string) []map[string]any {
		t.Helper()
		var rows []map[string]any
		if out := w.shell("h1", "show "+what+" | json"); json.Unmarshal([]byte(out), &rows) != nil {
			t.Fatalf("show %s | json: %s", what, out)
		}
		return rows
	}
	have := fmt.Sprint(shown("ports"), shown("vlan 10"), shown("mirror"))
	for _, want := range []string{"port:p1", "description:desk 12", "state:up", "untagged:[p1 p2]", "description:offices", "from_port:[p1]", "output:p9"} {
		if !strings.Contains(have, want) {
			t.Errorf("%q is not in %s", want, have)
		}
	}
	harness.Eventually(t, "both stations are learnt", func() error {
		if all := fmt.Sprint(shown("mac 10")); !strings.Contains(all, "port:p1") || !strings.Contains(all, "port:p2") {
			return fmt.Errorf("%s", all)
		}
		return nil
	})
	for what, words := range map[string][]string{
		"ports": {"PORT", "desk 12"}, "spanning-tree": {"Is root", "yes", "Designated"}, "bond": {"(none)"}, "vlan": {"offices", "p1 p2"},
	} {
		out := w.shell("h1", "show "+what)
		for _, word := range words {
			if !strings.Contains(out, word) {
				t.Errorf("show %s has no %q:\n%s", what, word, out)
			}
		}
	}
}
