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

	// To ping is the first thing that each does.
	from := func(label string) *harness.Container {
		c := &harness.Container{Lab: l, Host: "h1", Name: "late-" + label}
		t.Cleanup(func() { c.Remove(t) })
		l.On(t, "h1", "docker", "run", "-d", "--name", c.Name, "--network", "late", "--label", "late.test/app="+label, "busybox",
			"ping", "-i", "0.2", at)
		return c
	}
	shop := from("shop")
	harness.Eventually(t, "what is denied is counted", func() error {
		var docs []struct {
			Use struct{ Decisions, Packets uint64 }
		}
		if err := json.Unmarshal([]byte(l.CLI(t, "policy", "inspect", "late")), &docs); err != nil {
			return err
		}
		if len(docs) != 1 || docs[0].Use.Decisions == 0 || docs[0].Use.Packets < 5 {
			return fmt.Errorf("counted is %+v", docs)
		}
		return nil
	})
	web := from("web")
	harness.Eventually(t, "who is not denied gets through", func() error {
		if told := l.On(t, "h1", "docker", "logs", web.Name); !strings.Contains(told, "bytes from "+at) {
			return fmt.Errorf("%s", told)
		}
		return nil
	})
	l.On(t, "h1", "docker", "kill", "--signal", "INT", shop.Name) // now it counts
	l.On(t, "h1", "docker", "wait", shop.Name)
	if told := l.On(t, "h1", "docker", "logs", shop.Name); !strings.Contains(told, " 0 packets received") || strings.Contains(told, "bytes from") {
		t.Errorf("who is denied got through: %s", told)
	}
}
