// SPDX-License-Identifier: Apache-2.0

package test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// mistaken is a policy after which something else is wrong in the same file.
const mistaken = `apiVersion: linkspan/v1
kind: Policy
metadata: {name: mistake-good}
spec: {action: deny, to: [{network: mistake}], ports: [tcp/23]}
---
apiVersion: linkspan/v1
kind: Policy
metadata: {name: mistake-bad}
`

// TestPolicyMistakes: what is wrong with files is told with its place and what was
// expected, all of it at once; of all the files nothing is applied, and what runs runs on.
func TestPolicyMistakes(t *testing.T) {
	l := shared(t)
	l.Network(t, "mistake", "10.130.0.0/24")
	one := l.Run(t, "h1", "mistake1", "--network", "mistake")
	two := l.Run(t, "h2", "mistake2", "--network", "mistake")
	stored := mistaken[:strings.Index(mistaken, "---")]
	apply(t, l, strings.NewReplacer("good", "stored", "tcp/23", "tcp/24").Replace(stored), "mistake-stored", "mistake-good", "mistake-bad", "mistake-other")
	stream := one.Pour(t, two.Address(t, "mistake")+":"+harness.Port)
	before := l.CLI(t, "policy", "ls", "--no-trunc")
	for name, c := range map[string]struct {
		spec string
		says []string // FILE stands for the file's name
	}{
		"wrong field": {"spec: {action: deny, prio: 7}",
			[]string{`FILE:9:22: field "prio" is not known; expected one of priority, action, from, to, ports, log`}},
		"field left out": {"spec: {priority: 7}", []string{"FILE:9:7: action is missing; expected action: allow, deny or reject"}},
		"wrong type":     {"spec: {action: deny, priority: high}", []string{"FILE:9:32: ", "expected a whole number from 0 to 65535"}},
		"wrong value":    {"spec: {action: deny, ports: [tcp/80-70]}", []string{"FILE:9:30: ", "80 is more than 70"}},
		"unknown network": {"spec: {action: deny, to: [{network: mistakes}]}",
			[]string{"FILE:9:37: network mistakes does not exist; expected "}},
		"unknown group": {"spec: {action: deny, from: [{group: nogroup}]}", []string{"FILE:9:37: group nogroup does not exist; expected "}},
		"unknown host":  {"spec: {action: deny, from: [{endpoint: h9/mistake1}]}", []string{"FILE:9:40: ", "h9", "; expected "}},
		"contradiction in the file": {"spec: {action: allow, to: [{network: mistake}], ports: [tcp/20-30]}",
			[]string{"FILE:9:16: the policy contradicts mistake-good at FILE:4:16", "; expected another priority"}},
		"contradiction with what is stored": {"spec: {action: allow, to: [{network: mistake}], ports: [tcp/24]}",
			[]string{"FILE:9:16: the policy contradicts mistake-stored", "; expected another priority"}},
		"no YAML": {"spec: {action: deny", []string{"FILE:", "this is not YAML", "expected YAML"}},
		"three at once": {"spec: {action: drop, ports: [tpc/80], too: []}",
			[]string{`FILE:9:16: action "drop" is not known`, "FILE:9:30: ", `FILE:9:39: field "too" is not known`}},
		"all at once": {"spec: {action: deny, from: [{network: nonet}, {group: nogroup}]}",
			[]string{"FILE:9:39: network nonet does not exist", "FILE:9:55: group nogroup does not exist"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "policies.yaml")
			if err := os.WriteFile(file, []byte(mistaken+c.spec+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			other := filepath.Join(t.TempDir(), "other.yaml") // which is all right
			if err := os.WriteFile(other, []byte(strings.ReplaceAll(stored, "good", "other")), 0o600); err != nil {
				t.Fatal(err)
			}
			r := l.TryCLI("policy", "apply", "-f", other, "-f", file)
			if r.Exit != 1 || r.Out != "" || !strings.HasSuffix(r.Err, "nothing was applied") {
				t.Errorf("got %v", r)
			}
			for _, says := range c.says {
				if says = strings.ReplaceAll(says, "FILE", file); !strings.Contains(r.Err, says) {
					t.Errorf("want %q; got\n%s", says, r.Err)
				}
			}
		})
	}
	if after := l.CLI(t, "policy", "ls", "--no-trunc"); after != before {
		t.Errorf("policies before:\n%s\nafter:\n%s", before, after)
	}
	if p := stream.End(t); p.Broken != "" || p.Back != p.Lines {
		t.Errorf("what ran came to %+v", p)
	}
}
