// SPDX-License-Identifier: Apache-2.0

package verdicts

import (
	"strings"
	"testing"

	"github.com/linkspan/linkspan/api/policyfile"
)

// TestMistakes: what cannot be understood is told with its line.
func TestMistakes(t *testing.T) {
	const world = "network n 10.1.0.0/24\ncontainer a h1 n 10.1.0.2 app=web\ncontainer b h2 n 10.1.0.3\n"
	for text, want := range map[string]string{
		"a b tcp/80 allow network":                              "table.txt:4: it is of no scene",
		"scene s\na c tcp/80 allow network":                     "table.txt:5: ",
		"scene s\nc a tcp/80 allow network":                     "there is no container c",
		"scene s\na b tcp/80 allow":                             "expected FROM TO WHAT VERDICT BY",
		"scene s\na b tcp/80 maybe network":                     "maybe",
		"scene s\na b gre allow network\nb a gre allow network": "table.txt:6: gre cannot be told from an answer to line 5",
		"scene s\npolicy p 1 allow any -> host:b":               "selector",
		"scene s\npolicy p x allow any -> any":                  "table.txt:5: ",
		"network m":                                             "expected network NAME SUBNET",
		"container x h1 n 10.1.0.9 app":                         "KEY=VALUE",
	} {
		if _, err := parse(world + text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

// TestFiles: policies of each scene are read again as they were.
func TestFiles(t *testing.T) {
	table, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range table.Scenes {
		file, err := s.File()
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Policies) == 0 {
			continue
		}
		documents, err := policyfile.Read(s.Name, file)
		if err == nil {
			err = policyfile.Check(documents)
		}
		if err != nil || len(documents) != len(s.Policies) {
			t.Errorf("%s: %d of %d policies: %v", s.Name, len(documents), len(s.Policies), err)
		}
		for i := range documents {
			got, want := &documents[i].Policy, &s.Policies[i]
			if got.Name != want.Name || got.Action != want.Action || got.Priority != want.Priority || len(got.Ports) != len(want.Ports) {
				t.Errorf("%s: got %+v, want %+v", s.Name, got, want)
			}
			for j := range want.From {
				if !got.From[j].Equal(&want.From[j]) {
					t.Errorf("%s: got %s, want %s", want.Name, got.From[j].String(), want.From[j].String())
				}
			}
			for j := range want.To {
				if !got.To[j].Equal(&want.To[j]) {
					t.Errorf("%s: got %s, want %s", want.Name, got.To[j].String(), want.To[j].String())
				}
			}
		}
	}
}
