// SPDX-License-Identifier: Apache-2.0

package test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// latePolicy keeps who has a label from everybody of a network.
const latePolicy = `apiVersion: linkspan/v1
kind: Policy
metadata: {name: late}
spec:
  action: deny
  from: [{labels: {late.test/app: shop}}]
  to: [{network: late}]
`

// TestLabelsThatComeLate: a container that a policy denies by its label gets nothing
// through from its first moment on, although Docker tells the label later; one with
// another label only waits. What was decided is counted, and told of its route.
func TestLabelsThatComeLate(t *testing.T) {
	l := shared(t)
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(latePolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	l.Network(t, "late", "10.68.0.0/24")
	db := l.Run(t, "h2", "late1", "--network", "late")
	at := db.Address(t, "late")
	l.CLI(t, "policy", "apply", "-f", file)
	t.Cleanup(func() { l.TryCLI("policy", "rm", "--force", "late") })

	// Not -d: it ends with its own command, which is the first thing that it does.
	from := func(label string) harness.Result {
		return l.Try("h1", "docker", "run", "--rm", "--network", "late", "--label", "late.test/app="+label, "busybox",
			"ping", "-c", "30", "-i", "0.2", "-w", "8", at)
	}
	if r := from("shop"); !strings.Contains(r.Out, " 0 packets received") {
		t.Errorf("who is denied got through: %v", r)
	}
	if r := from("web"); !strings.Contains(r.Out, " packets received") || strings.Contains(r.Out, " 0 packets received") {
		t.Errorf("who is not does not: %v", r)
	}
	var docs []struct {
		Use struct{ Decisions, Packets uint64 }
	}
	if err := json.Unmarshal([]byte(l.CLI(t, "policy", "inspect", "late")), &docs); err != nil {
		t.Fatal(err)
	}
	if len(docs) != 1 || docs[0].Use.Decisions == 0 || docs[0].Use.Packets < 5 {
		t.Errorf("counted %+v", docs)
	}
}
