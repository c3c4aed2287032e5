// SPDX-License-Identifier: Apache-2.0

package explain_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/policyfile"
	"github.com/linkspan/linkspan/control/explain"
	"github.com/linkspan/linkspan/control/view"
)

// TestRemedies: each remedy is what a person would type, and typing it lets the packets
// through.
func TestRemedies(t *testing.T) {
	for _, c := range []struct {
		name            string
		given           func(*testing.T) []view.Change
		from, to, ports string
		want            []string
	}{
		{"two networks", nil, "w1", "d1", "tcp/5432", []string{
			"policy: w1-to-d1 tcp/5432", "linkspan connect h1/w1 h2/d1", "linkspan group create web-db; linkspan group add web-db web db",
		}},
		{"a group that one is in", func(*testing.T) []view.Change { return []view.Change{group(2, 6)} }, "w1", "d1", "tcp/5432", []string{
			"policy: w1-to-d1 tcp/5432", "linkspan connect h1/w1 h2/d1", "linkspan group add shop web", "linkspan group create web-db; linkspan group add web-db web db",
		}},
		{"disconnected", func(*testing.T) []view.Change {
			return []view.Change{link(linkspan.LinkDeny, on(1, "w1"), on(2, "w2"))}
		}, "w1", "w2", "icmp/8", []string{"linkspan link clear h1/w1 h2/w2", "linkspan connect h1/w1 h2/w2"}},
		{"disconnected, and of two networks", func(*testing.T) []view.Change {
			return []view.Change{link(linkspan.LinkDeny, on(1, "w1"), on(2, "d1"))}
		}, "w1", "d1", "icmp/8", []string{"linkspan connect h1/w1 h2/d1"}},
		{"denied by policy", func(t *testing.T) []view.Change { return []view.Change{rule(t, 1, 700, "deny", "any", "w2", "tcp/80")} },
			"w1", "w2", "tcp/80", []string{"policy: w1-to-w2 tcp/80 priority 701", "linkspan connect h1/w1 h2/w2"}},
		{"denied by the first of all policies", func(t *testing.T) []view.Change {
			return []view.Change{rule(t, 1, linkspan.MaxPriority, "deny", "any", "any")}
		}, "w1", "w2", "tcp/80", []string{"linkspan connect h1/w1 h2/w2"}},
		{"rejected, and one of higher priority", func(t *testing.T) []view.Change {
			return []view.Change{rule(t, 1, 5, "reject", "any", "w2"), rule(t, 2, 50, "deny", "any", "any", "gre")}
		}, "w1", "w2", "tcp/80", []string{"policy: w1-to-w2 tcp/80 priority 6", "linkspan connect h1/w1 h2/w2"}},
		{"other site", nil, "w1", "w3", "tcp/80", []string{"linkspan site allow-clear default elsewhere"}},
		{"internal", nil, "w1", "c1", "tcp/80", []string{"docker network connect web c1   # on h1"}},
		{"overlapping", func(*testing.T) []view.Change { return twins() }, "w1", "t1", "tcp/80", []string{"docker network connect web t1   # on h1"}},
		{"must be direct", nil, "f1", "f2", "tcp/80", nil},
		{"nobody there", nil, "w1", "10.7.0.200", "tcp/80", nil},
		{"outside", nil, "w1", "8.8.8.8", "tcp/80", nil},
		{"outside, denied by policy", func(t *testing.T) []view.Change { return []view.Change{rule(t, 1, 5, "deny", "any", "8.0.0.0/8")} },
			"w1", "8.8.8.8", "tcp/80", []string{"policy: w1-to-8.8.8.8 tcp/80 priority 6"}},
		{"outside, of an internal network", nil, "c1", "8.8.8.8", "tcp/80", nil},
		{"from outside, not published", nil, "192.0.2.200", "w1", "tcp/80", nil},
		{"overlay", nil, "o1", "w1", "tcp/80", nil},
		{"allowed", nil, "w1", "w2", "tcp/80", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var given []view.Change
			if c.given != nil {
				given = c.given(t)
			}
			v := world(t, given...)
			q := question(t, v, c.from, c.to, c.ports)
			var got []string
			for _, r := range explain.Remedies(v, q, explain.Fit{}) {
				got = append(got, typed(t, v, q, &r))
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// typed writes a remedy in short. The file of one is read as the command would, and what
// is in it applied: it must do by itself what it promises.
func typed(t *testing.T, v *view.View, q explain.Question, r *explain.Remedy) string {
	t.Helper()
	if r.File == "" {
		return strings.Join(r.Commands, "; ")
	}
	files, err := policyfile.Read("trace.yaml", []byte(r.File))
	if err != nil {
		t.Fatalf("%v in\n%s", err, r.File)
	}
	if n := strings.Count(r.File, "\n"); n != 5 || len(files) != 1 {
		t.Errorf("a file of %d lines with %d policies:\n%s", n, len(files), r.File)
	}
	p := files[0].Policy
	p.ID = linkspan.MaxPolicyID - 7
	after, _ := v.Apply(view.PutPolicy(&p))
	if a := explain.Ask(after, q); a.Verdict != explain.Allowed {
		t.Errorf("with its file it is %s: %s", a.Verdict, a.Reason)
	}
	text := "policy: " + p.Name + " " + p.Ports[0].String()
	if p.Priority != 100 {
		text += " priority " + strconv.Itoa(int(p.Priority))
	}
	return text
}

// TestRemediesThatDoNotFit: what cannot be stored is not told.
func TestRemediesThatDoNotFit(t *testing.T) {
	v := world(t)
	no := errors.New("no")
	for _, r := range explain.Remedies(v, question(t, v, "w1", "d1", "tcp/1"), explain.Fit{
		Link: func(linkspan.Link) error { return no }, Group: func(linkspan.Group) error { return no },
	}) {
		if r.File == "" {
			t.Errorf("told: %v", r.Commands)
		}
	}
}
