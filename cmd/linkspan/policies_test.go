// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

const twoPolicies = `apiVersion: linkspan/v1
kind: Policy
metadata: {name: shop-to-db}
spec:
  priority: 100
  action: allow
  from: [{labels: {app: shop}}, {cidr: 192.0.2.0/24}]
  to: [{network: back}]
  ports: [tcp/5432, icmp/8]
---
apiVersion: linkspan/v1
kind: Policy
metadata: {name: db-closed}
spec: {action: deny, to: [{network: back}]}
`

// file writes a file and returns its path.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPolicyCommands(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	r := serveController(t, filepath.Join(t.TempDir(), "state"))
	r.types("network create --subnet 10.7.0.0/24 back").wants(t, exitDone, "000001\n")
	good := file(t, "good.yaml", twoPolicies)

	r.types("policy apply -f "+good).wants(t, exitDone, "shop-to-db   created\ndb-closed    created\n")
	again := r.types("policy apply -o json -f " + good)
	again.wants(t, exitDone, `"outcome": "unchanged"`)
	if !strings.Contains(again.err, `shop-to-db: nobody is selected by "to" now`) {
		t.Errorf("warned of: %q", again.err)
	}
	for line, want := range map[string]string{
		"policy ls":                           "label:app=shop or cidr:192.0.2.0/24   network:back   tcp/5432 icmp/8   0         0\n",
		"policy ls -q":                        "shop-to-db\ndb-closed\n",
		"policy ls --no-trunc":                "000001      0           20",
		"policy ls -o yaml":                   "- name: shop-to-db\n  id: \"000001\"\n  priority: 100\n  action: allow\n  from:\n    - labels:\n        app: shop\n",
		"policy ls --format {{.Ports}}":       "[tcp/5432 icmp/8]\n[]\n",
		"policy inspect db-closed":            `"to_count": 0`,
		"policy inspect shop-to-db":           `"decisions": 0,`,
		"policy ls --format {{.Use.Packets}}": "0\n0\n",
		"policy inspect 000002 --format {{.Name}}/{{.Selected.FromCount}}": "db-closed/0\n",
	} {
		r.types(line).wants(t, exitDone, want)
	}
	typeIn(t, "__complete", "--socket", r.socket, "policy", "rm", "").wants(t, exitDone, "shop-to-db\ndb-closed\n")
	list := file(t, "list", "192.0.2.1 10.7.0.2 tcp/22 # not yet\n192.0.2.1 10.7.0.2 udp\n")
	dry := r.types("policy test -f " + file(t, "open.yaml", strings.Replace(twoPolicies, "tcp/5432", "tcp/22", 1)) + " --conversations " + list)
	dry.wants(t, exitDone, "conversation   192.0.2.1   10.7.0.2   udp      deny (nothing allows it)   the same\n")
	if !strings.Contains(dry.err, "0 routes were looked at") {
		t.Errorf("got %q", dry.err)
	}
	r.types("policy rm db-closed nope").partly(t, "db-closed\n", "linkspan policy ls shows those that do")
	r.types("policy rm --force nope").wants(t, exitDone, "")
	r.types("policy inspect nope").wants(t, exitFailed, "policy nope does not exist")
	r.types("route inspect 3f").wants(t, exitFailed, "route 3f is not plugged")
	r.types("policy apply").wants(t, exitUsage, `"file" not set`)
	r.types("policy apply -f /nowhere").wants(t, exitFailed, "/nowhere")
}

// partly checks a command that did a part of what was asked.
func (r typed) partly(t *testing.T, out, says string) {
	t.Helper()
	if r.status != exitFailed || r.out != out || !strings.Contains(r.err, says) {
		t.Errorf("got %+v", r)
	}
}

// TestPolicyMistakes: what is wrong has its place, wherever it was found, and
// nothing is applied.
func TestPolicyMistakes(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	r := serveController(t, filepath.Join(t.TempDir(), "state"))
	r.types("network create --subnet 10.7.0.0/24 back").wants(t, exitDone, "000001\n")
	for want, text := range map[string]string{ // found here, and by the controller
		`bad.yaml:5:3: field "prio" is not known`:              strings.Replace(twoPolicies, "priority", "prio", 1),
		"bad.yaml:8:18: network bock does not exist; expected": strings.Replace(twoPolicies, "back", "bock", 1),
	} {
		r.types("policy apply -f "+file(t, "bad.yaml", text)).wants(t, exitFailed, want)
		if list := r.types("policy ls -q"); list.out != "" {
			t.Errorf("applied: %s", list.out)
		}
	}
	good := file(t, "good.yaml", twoPolicies)
	r.types("policy apply -q -f "+good).wants(t, exitDone, "shop-to-db\n")
	against := strings.NewReplacer("allow", "reject", "shop-to-db", "other", "db-closed", "new").Replace(twoPolicies)
	got := r.types("policy apply -f " + file(t, "bad.yaml", against))
	got.wants(t, exitFailed, "bad.yaml:6:11: the policy contradicts shop-to-db")
	if !strings.HasSuffix(got.err, "  nothing was applied\n") {
		t.Errorf("got %q", got.err)
	}
	r.types("policy ls -q").wants(t, exitDone, "shop-to-db\ndb-closed\n")
	for list, want := range map[string]string{
		"\n  nobody 10.7.0.2 tcp\n": "list:2:3: endpoint nobody is not attached anywhere",
		"a b\n":                     "list:1:1: there are 2 words; expected FROM TO PORTS",
	} {
		tested := r.types("policy test -f " + good + " --conversations " + file(t, "list", list))
		tested.wants(t, exitFailed, want)
		if strings.Contains(tested.err, "applied") {
			t.Errorf("nothing was to be applied: %q", tested.err)
		}
	}
}

func TestPolicyFromStandardInput(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	r := serveController(t, filepath.Join(t.TempDir(), "state"))
	var out, errs bytes.Buffer
	text := strings.ReplaceAll(twoPolicies, "{network: back}", "{cidr: 10.7.0.0/24}")
	if got := run(t.Context(), []string{"policy", "apply", "-q", "-f", "-", "--socket", r.socket}, streams{strings.NewReader(text), &out, &errs}); got != exitDone || out.String() != "shop-to-db\ndb-closed\n" {
		t.Errorf("got %d, %q, %q", got, out.String(), errs.String())
	}
	errs.Reset()
	if got := run(t.Context(), []string{"policy", "apply", "-f", "-", "--socket", r.socket}, streams{strings.NewReader("a: [\n"), &out, &errs}); got != exitFailed || !strings.Contains(errs.String(), "linkspan: <stdin>:") {
		t.Errorf("got %d, %q", got, errs.String())
	}
}
