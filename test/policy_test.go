// SPDX-License-Identifier: Apache-2.0

package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// labelPolicy speaks of labels that docker run gives.
const labelPolicy = `apiVersion: linkspan/v1
kind: Policy
metadata: {name: labels}
spec:
  priority: 7
  action: deny
  from: [{labels: {policy.test/app: shop}}]
  to: [{labels: {policy.test/app: db}, network: labels}]
  ports: [tcp/9]
`

// selection is what the test reads of linkspan policy inspect.
type selection struct {
	Selected struct{ From, To []string }
}

// TestPoliciesSelectByDockersLabels: a policy sees the labels that containers were
// run with on any host, and a dry run tells what it would change of a route that
// is plugged.
func TestPoliciesSelectByDockersLabels(t *testing.T) {
	l := shared(t)
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(labelPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := l.TryCLI("policy", "apply", "-f", file); r.Exit != 1 || !strings.Contains(r.Err, file+":8:49: network labels does not exist") {
		t.Errorf("want the place of an unknown network; %v", r)
	}
	l.Network(t, "labels", "10.67.0.0/24")
	shop := l.Run(t, "h1", "labels1", "--network", "labels", "--label", "policy.test/app=shop")
	db := l.Run(t, "h2", "labels2", "--network", "labels", "--label", "policy.test/app=db")
	shop.Reaches(t, db, "labels")
	if out := l.CLI(t, "policy", "apply", "-f", file); !strings.Contains(out, "created") {
		t.Errorf("got %s", out)
	}
	t.Cleanup(func() { l.TryCLI("policy", "rm", "--force", "labels") })
	harness.Eventually(t, "both labels are known", func() error {
		var docs []selection
		if err := json.Unmarshal([]byte(l.CLI(t, "policy", "inspect", "labels")), &docs); err != nil {
			return err
		}
		if got := fmt.Sprint(docs); got != "[{{[h1/labels1.labels] [h2/labels2.labels]}}]" {
			return fmt.Errorf("selected are %s", got)
		}
		return nil
	})
	wider := filepath.Join(t.TempDir(), "wider.yaml")
	if err := os.WriteFile(wider, []byte(strings.Replace(labelPolicy, "tcp/9", "tcp/9-10", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	shop.Reaches(t, db, "labels")
	out := l.CLI(t, "policy", "test", "-f", wider, "--format", "{{.Of}} {{.FromName}} {{.ToName}} {{.Ports}} {{.Before.Action}} {{.After}}")
	if want := "route h1/labels1.labels h2/labels2.labels tcp/10 allow deny by labels"; out != want {
		t.Errorf("got %q, want %q", out, want)
	}
	if out := l.CLI(t, "policy", "rm", "labels"); out != "labels" {
		t.Errorf("got %q", out)
	}
}
