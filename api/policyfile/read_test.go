// SPDX-License-Identifier: Apache-2.0

package policyfile

import (
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/yamlfile"
)

// Run with -update to rewrite the files below testdata; read the difference.
var update = flag.Bool("update", false, "rewrite testdata")

const good = `# what the shop needs
apiVersion: linkspan/v1
kind: Policy
metadata:
  name: web-to-db
spec:
  priority: 100
  action: allow
  from:
    - labels: {app: web, "tier": "1"}
      network: front
    - endpoint: h1/admin.front
  to:
    - cidr: 10.7.0.0/24
      group: shop
  ports: [tcp/5432, udp/5000-6000, icmp/8, gre]
  log: true
---
---
{"apiVersion": "linkspan/v1", "kind": "Policy", "metadata": {"name": "rest"}, "spec": {"action": "deny", "from": []}}
`

func TestRead(t *testing.T) {
	documents, err := Read("good.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(documents); err != nil {
		t.Fatal(err)
	}
	got := make([]linkspan.Policy, len(documents))
	for i := range documents {
		got[i] = documents[i].Policy
	}
	want := []linkspan.Policy{{
		Name: "web-to-db", Priority: 100, Action: linkspan.PolicyAllow, Log: true,
		From: []linkspan.Selector{
			{Labels: map[string]string{"app": "web", "tier": "1"}, Network: "front"},
			{Endpoint: "h1/admin.front"},
		},
		To: []linkspan.Selector{{CIDR: netip.MustParsePrefix("10.7.0.0/24"), Group: "shop"}},
		Ports: []linkspan.PolicyPorts{
			{Protocol: linkspan.ProtocolTCP, First: 5432, Last: 5432}, {Protocol: linkspan.ProtocolUDP, First: 5000, Last: 6000},
			{Protocol: linkspan.ProtocolICMP, First: 8, Last: 8}, linkspan.WholeProtocol(47),
		},
	}, {Name: "rest", Action: linkspan.PolicyDeny}}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	for path, place := range map[string][2]int{
		"": {2, 1}, "metadata.name": {5, 9}, "spec.action": {8, 11}, "spec.from": {10, 5}, "spec.from[0]": {10, 7}, "spec.from[1].endpoint": {12, 17},
		"spec.from[1].cidr": {12, 7}, "spec.to[0].cidr": {14, 13}, "spec.ports[1]": {16, 21}, "spec.nothing.like[3].that": {7, 3},
	} {
		if got := documents[0].At(path); got != (yamlfile.Position{Line: place[0], Column: place[1]}) {
			t.Errorf("%s is at %v, want %v", path, got, place)
		}
	}
}

// TestMistakes compares what is said about each file below testdata with the text
// beside it.
func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files: ", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			documents, err := Read(filepath.Base(file), text)
			if err == nil {
				err = Check(documents)
			}
			var wrong yamlfile.Problems
			if !errors.As(err, &wrong) {
				t.Fatalf("got %v, want problems", err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", wrong.Error()+"\n")
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestFilesContradictEachOther(t *testing.T) {
	one := func(file, name, action string) Document {
		t.Helper()
		d, err := Read(file, fmt.Appendf(nil, "apiVersion: linkspan/v1\nkind: Policy\nmetadata: {name: %s}\nspec: {action: %s}\n", name, action))
		if err != nil {
			t.Fatal(err)
		}
		return d[0]
	}
	err := Check([]Document{one("a.yaml", "x", "deny"), one("b.yaml", "y", "allow"), one("c.yaml", "x", "deny")})
	want := "b.yaml:4:16: the policy contradicts x at a.yaml:4:16, which does deny with the same, at the same priority 0; expected another priority for one of them, or the same action\n" +
		"c.yaml:3:18: policy x is also at a.yaml:3:18; expected another name"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestTooLong(t *testing.T) {
	if _, err := Read("x", make([]byte, MaxFile+1)); err == nil {
		t.Error("a file of any length is read")
	}
	if _, err := ReadConversations("x", make([]byte, MaxFile+1)); err == nil {
		t.Error("a list of any length is read")
	}
}

func TestConversations(t *testing.T) {
	all, err := ReadConversations("list", []byte("# who must talk\n\nweb1 h2/db1.back tcp/5432\r\n\t10.7.0.5  db1 udp/5-6 # always\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Conversation{
		{"web1", "h2/db1.back", linkspan.PolicyPorts{Protocol: 6, First: 5432, Last: 5432}, "list", yamlfile.Position{Line: 3, Column: 1}},
		{"10.7.0.5", "db1", linkspan.PolicyPorts{Protocol: 17, First: 5, Last: 6}, "list", yamlfile.Position{Line: 4, Column: 2}},
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Error(diff)
	}
	_, err = ReadConversations("list", []byte("a b\n  a b tcp/x\na b c d\n"))
	var wrong yamlfile.Problems
	if !errors.As(err, &wrong) || len(wrong) != 3 || wrong[0].Position != (yamlfile.Position{Line: 1, Column: 1}) || wrong[1].Position != (yamlfile.Position{Line: 2, Column: 7}) {
		t.Errorf("got %v", err)
	}
}
