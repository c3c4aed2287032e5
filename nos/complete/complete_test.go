// SPDX-License-Identifier: Apache-2.0

package complete

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/schema/schematest"
	"github.com/linkspan/linkspan/nos/tree"
)

var verbs = []Verb{
	{"set", "Set a value", Setting},
	{"show", "Show what is configured", Existing},
	{"delete", "Delete what is configured", Existing},
	{"edit", "Go to a level", Section},
	{"commit", "Make it so", Rest},
	{"exit", "Leave", Nothing},
}

type host struct{}

func (host) Values(typ string) []string {
	if typ == "interface" {
		return []string{"eth0", "eth1", "wlan 0"}
	}
	return nil
}

func completer(t testing.TB, commands ...string) *Completer {
	t.Helper()
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	n, err := tree.New(s).Load(tree.Commands, []byte(strings.Join(commands, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return &Completer{Verbs: verbs, Tree: n, Live: host{}}
}

func small(t testing.TB) *Completer {
	return completer(t, "set vlans 10 description offices", "set vlans 9", "set vlans 20", "set routes 10.0.0.0/8 192.0.2.1", "set routes 10.0.0.0/8 192.0.2.2",
		"set ports eth5 mode trunk", "set system dns server 192.0.2.1 192.0.2.2", "set system users ann role admin")
}

func TestComplete(t *testing.T) {
	for _, c := range []struct {
		line  string
		start int
		want  string // candidates; <> for one of any form
		done  bool
	}{
		{"", 0, "set show delete edit commit exit", false},
		{"s", 0, "set show", false},
		{"set", 0, "set", false},
		{"set sy", 4, "system", false},
		{"se sys", 3, "system", false},
		{"set system ho", 11, "hostname", false},
		{"set system hostname ", 20, "<>", false},
		{"set system hostname edge1", 20, "<>", true},
		{"set system hostname edge1 ", 26, "", true},
		{"set vlans ", 10, "9 10 20 <>", false},
		{"set vlans 1", 10, "10 <>", true},
		{"set vlans 10", 10, "10", true},
		{"set vlans 10 ", 13, "description network control interface", true},
		{"set ports eth5 vlan ", 20, "9 10 20 <>", false},
		{"set ports ", 10, `eth5 eth0 eth1 "wlan 0" <>`, false},
		{"set ports wl", 10, `"wlan 0" <>`, true},
		{`set ports "wl`, 10, `"wlan 0" <>`, false},
		{"set ports eth5 mode na", 20, "native-untagged native-tagged", false},
		{"set ports eth5 enabled ", 23, "false true", false},
		{"set routes 10.0.0.0/8 ", 22, "192.0.2.1 192.0.2.2 <>", false},
		{"set system users ann password-hash ", 35, "<>", false},
		{"show ", 5, "system vlans ports routes", true},
		{"delete vlans ", 13, "9 10 20", true},
		{"delete system dns server ", 25, "192.0.2.1 192.0.2.2", true},
		{"edit vlans 10 ", 14, "interface", true},
		{"exit ", 5, "", true},
	} {
		r, err := small(t).Complete(c.line)
		var got []string
		for _, x := range r.Candidates {
			if x.Text == "" {
				x.Text = "<>"
			}
			got = append(got, x.Text)
			if x.Help == "" && x.Text != "9" && x.Text != "20" && x.Text != "eth5" && !strings.HasPrefix(x.Text, "192") {
				t.Errorf("%q: %s has no help", c.line, x.Text)
			}
		}
		if g := strings.Join(got, " "); err != nil || g != c.want || r.Start != c.start || r.Done != c.done {
			t.Errorf("%q: %s at %d, done %v, %v", c.line, g, r.Start, r.Done, err)
		}
	}
}

func TestResolve(t *testing.T) {
	for line, want := range map[string]string{
		"se sy ho Edge1":                "set system hostname edge1",
		"set vlans 10 d 'big offices'":  "set vlans 10 description big offices",
		"set po eth5 mo t":              "set ports eth5 mode trunk",
		"set po eth5 ena f":             "set ports eth5 enabled false",
		"sh vl":                         "show vlans",
		"sho":                           "show",
		"del sys dns ser 192.0.2.2":     "delete system dns server 192.0.2.2",
		"commit any thing":              "commit any thing",
		"edit vlans 77":                 "edit vlans 77",
		"set sys dns ser 192.0.2.7 ::1": "set system dns server 192.0.2.7 ::1",
		"":                              "",
	} {
		got, err := small(t).Resolve(line)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q: %q, %v", line, got, err)
		}
	}
	c := small(t)
	c.Level = []string{"vlans", "10"}
	if got, err := c.Resolve("set des x"); err != nil || strings.Join(got, " ") != "set vlans 10 description x" {
		t.Errorf("below a level: %q, %v", got, err)
	}
	if r, err := c.Complete("set "); err != nil || len(r.Candidates) != 4 || r.Done {
		t.Errorf("below a level: %+v, %v", r, err)
	}
}

func TestResolveMarksTheMistake(t *testing.T) {
	for _, c := range []struct {
		line   string
		column int
		want   string
	}{
		{"frobnicate", 1, `there is no "frobnicate": expected one of commit, delete, edit, exit, set, show`},
		{"e", 1, `"e" is ambiguous: expected one of edit, exit`},
		{"set s", 5, `"s" is ambiguous: expected one of services, spanning-tree, switching, system`},
		{"set system  hostnam-e x", 13, `system: there is no "hostnam-e"`},
		{"set vlans 5000", 11, `vlans: "5000" is not valid: expected VLAN id 1 to 4094`},
		{"set system hostname", 21, "system hostname: something is missing: expected hostname"},
		{"set system hostname a b", 23, "system hostname a: there is a word too many"},
		{"delete vlans 11", 14, `vlans: "11" is not configured`},
		{"delete acls", 8, `there is no "acls"`},
		{"delete routes 10.0.0.0/8", 26, "routes 10.0.0.0/8: something is missing"},
		{"exit now", 6, "there is a word too many"},
		{"edit vlans 10 description x", 27, "vlans 10 description: there is a word too many"},
		{`set system banner "x`, 19, "the quotes are not closed"},
		{"set vlans 10; exit", 13, "';' can only be in quotes"},
	} {
		_, err := small(t).Resolve(c.line)
		var p *tree.Problem
		if !errors.As(err, &p) || p.Column != c.column || !strings.Contains(p.Error(), c.want) {
			t.Errorf("%q: %v", c.line, err)
			continue
		}
		if got := Caret(p, 2); len(got) != c.column+2 {
			t.Errorf("%q: caret %q", c.line, got)
		}
	}
}

// Each command of a configuration can be typed word for word with the help of
// completion, which knows after each word how to go on.
func TestEveryPathCanBeCompleted(t *testing.T) {
	c := small(t)
	rapid.Check(t, func(t *rapid.T) {
		words := append([]string{"set"}, schematest.Path(t, c.Tree.Schema())...)
		for i := range words {
			r, err := c.Complete(tree.Join(words[:i]) + strings.Repeat(" ", min(i, 1)))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(r.Candidates, func(x Candidate) bool { return x.Text == tree.Quote(words[i]) || x.Form != "" }) {
				t.Fatalf("after %q comes no %q: %+v", words[:i], words[i], r.Candidates)
			}
		}
		got, err := c.Resolve(tree.Join(words))
		if err != nil || !slices.Equal(got, words) {
			t.Fatalf("%q, %v", got, err)
		}
	})
}

// Whatever is typed, completion answers, and a completed word is accepted.
func FuzzComplete(f *testing.F) {
	f.Add("set sy ho")
	f.Add(`delete system dns server "19`)
	f.Add("show vlans 10 ")
	c := small(f)
	f.Fuzz(func(t *testing.T, line string) {
		r, err := c.Complete(line)
		if err != nil {
			return
		}
		if r.Start > len(line) {
			t.Fatalf("%q: %+v", line, r)
		}
		for _, x := range r.Candidates {
			if x.Text == "" {
				continue
			}
			if _, err := c.Complete(line[:r.Start] + x.Text + " "); err != nil {
				t.Fatalf("%q is completed by %q: %v", line, x.Text, err)
			}
		}
	})
}
