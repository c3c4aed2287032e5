// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/schema/schematest"
)

func base(t testing.TB) *schema.Schema {
	t.Helper()
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// of returns the tree that commands make.
func of(t testing.TB, s *schema.Schema, lines ...string) *Tree {
	t.Helper()
	tree, err := New(s).Merge(Commands, []byte(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// draw draws a tree from edits of another one, and now and then deletes from it.
func draw(t *rapid.T, from *Tree, label string) *Tree {
	for range rapid.IntRange(0, 25).Draw(t, label) {
		path := schematest.Path(t, from.Schema())
		if rapid.IntRange(0, 3).Draw(t, "delete") == 0 {
			if edits := from.Edits(); len(edits) > 0 {
				words := rapid.SampledFrom(edits).Draw(t, "edit").Words
				words = words[:rapid.IntRange(1, len(words)).Draw(t, "words")]
				if next, err := from.Delete(words...); err == nil {
					from = next
				}
			}
		}
		next, err := from.Set(path...)
		if err != nil {
			t.Fatalf("set %s: %v", Join(path), err)
		}
		from = next
	}
	return from
}

// Each form says all of a tree, has one canonical text, and is recognised; the
// edits from one tree to another make the one of the other.
func TestForms(t *testing.T) {
	s := base(t)
	rapid.Check(t, func(t *rapid.T) {
		a := draw(t, New(s), "a")
		for _, f := range []Form{Commands, YAML, JSON} {
			text := a.Text(f, Show)
			if len(text) > 0 && Detect(text) != f {
				t.Fatalf("%s is taken for %s:\n%s", f, Detect(text), text)
			}
			b, err := New(s).Load(f, text)
			if err != nil {
				t.Fatalf("%s: %v\n%s", f, err, text)
			}
			if got := b.Text(f, Show); string(got) != string(text) || !Equal(a, b) || !Equal(b, a) {
				t.Fatalf("%s: %s", f, cmp.Diff(string(text), string(got)))
			}
			if Compare(a, b, Show) != "" {
				t.Fatalf("%s: equal trees differ: %s", f, Compare(a, b, Show))
			}
			if c, err := a.Load(f, a.Text(f, Hide)); err != nil || !Equal(a, c) {
				t.Fatalf("%s with hidden secrets: %v", f, err)
			}
		}
	})
}

func TestDiffMakesTheOther(t *testing.T) {
	s := base(t)
	rapid.Check(t, func(t *rapid.T) {
		a := draw(t, New(s), "a")
		b := draw(t, a, "b")
		for _, pair := range [][2]*Tree{{a, b}, {b, a}, {New(s), b}, {b, New(s)}} {
			edits := Diff(pair[0], pair[1])
			got, err := pair[0].Apply(edits)
			if err != nil {
				t.Fatalf("%v\n%v", err, edits)
			}
			if g, w := string(got.Text(Commands, Show)), string(pair[1].Text(Commands, Show)); g != w {
				t.Fatalf("%v\n%s", edits, cmp.Diff(w, g))
			}
			var lines strings.Builder
			for _, e := range edits {
				lines.WriteString(e.Command(Show) + "\n")
			}
			if got, err := pair[0].Merge(Commands, []byte(lines.String())); err != nil || !Equal(got, pair[1]) {
				t.Fatalf("as commands: %v\n%s", err, lines.String())
			}
			if (Compare(pair[0], pair[1], Show) == "") != (len(edits) == 0) {
				t.Fatalf("compare %q, edits %v", Compare(pair[0], pair[1], Show), edits)
			}
		}
	})
}

// The lines that Compare marks are those that texts of the two differ in.
func TestCompareHasTheLinesThatDiffer(t *testing.T) {
	s := base(t)
	count := func(text, mark string) map[string]int {
		lines := map[string]int{}
		for line := range strings.Lines(text) {
			if rest, ok := strings.CutPrefix(line, mark); ok {
				lines[strings.TrimSpace(rest)]++
			}
		}
		return lines
	}
	rapid.Check(t, func(t *rapid.T) {
		a := draw(t, New(s), "a")
		b := draw(t, a, "b")
		compared := Compare(a, b, Show)
		before, after := count(string(a.Text(YAML, Show)), ""), count(string(b.Text(YAML, Show)), "")
		for line, n := range count(compared, "-") {
			before[line] -= n
		}
		for line, n := range count(compared, "+") {
			after[line] -= n
		}
		for _, m := range []map[string]int{before, after} {
			for line := range m {
				// an entry that becomes empty or is so no longer has another line, its own stays
				if before[line] != after[line] && !strings.HasSuffix(line, ":") && !strings.HasSuffix(line, ": {}") {
					t.Fatalf("%q: %d and %d\n%s", line, before[line], after[line], compared)
				}
			}
		}
	})
}

func TestCompare(t *testing.T) {
	s := base(t)
	a := of(t, s, "set vlans 10 description old", "set vlans 20", "set routes 10.0.0.0/8 192.0.2.1", "set routes 10.0.0.0/8 192.0.2.2", "set system users ann role admin", "set system dns server 192.0.2.1 192.0.2.2")
	b := of(t, s, "set vlans 10 description new", "set vlans 9", "set routes 10.0.0.0/8 192.0.2.2 distance 5", "set routes 10.0.0.0/8 192.0.2.3", "set system users ann role viewer", "set system dns server 192.0.2.2")
	want := `  system:
    dns:
      server:
-       - "192.0.2.1"
    users:
      ann:
-       role: admin
+       role: viewer
  vlans:
+   9: {}
    10:
-     description: old
+     description: new
-   20: {}
  routes:
    "10.0.0.0/8":
-     "192.0.2.1": {}
      "192.0.2.2":
+       distance: 5
+     "192.0.2.3": {}
`
	if got := Compare(a, b, Hide); got != want {
		t.Errorf("got:\n%s%s", got, cmp.Diff(want, got))
	}
	if got := Compare(a, a, Hide) + Compare(New(s), New(s), Hide); got != "" {
		t.Errorf("a tree differs from itself: %s", got)
	}
}

// What is shared by two trees is the same node, and a change makes few new ones.
func TestAChangeShares(t *testing.T) {
	a := large(t, base(t), 100, 400)
	b, err := a.Set("vlans", "200", "description", "other")
	if err != nil {
		t.Fatal(err)
	}
	if !a.Root().Child("ports").Same(b.Root().Child("ports")) || !a.Root().Child("vlans").Entry("201").Same(b.Root().Child("vlans").Entry("201")) {
		t.Error("what was not touched was made again")
	}
	if c, err := b.Set("vlans", "200", "description", "other"); err != nil || !Same(b, c) {
		t.Error("setting what is there makes another tree")
	}
	if got := Diff(a, b); len(got) != 1 || got[0].Command(Hide) != "set vlans 200 description other" {
		t.Errorf("got %v", got)
	}
}

func TestProblemsSayWhatAndWhere(t *testing.T) {
	for _, c := range []struct {
		path     string
		word     int
		want     string
		expected string
	}{
		{"system hostname -x", 2, `system hostname: "-x" is not valid`, "hostname (RFC 1123)"},
		{"system hostnam x", 1, `system: there is no "hostnam"`, "one of banner, dns, hostname, "},
		{"system hostname a b", 3, `system hostname a: there is a word too many`, "nothing after the value"},
		{"system", 1, "system: something is missing", "one of banner"},
		{"vlans", 1, "vlans: something is missing", "VLAN id 1 to 4094"},
		{"vlans 5000", 1, `vlans: "5000" is not valid`, "VLAN id 1 to 4094"},
		{"routes 10.0.0.0/8", 2, "routes 10.0.0.0/8: something is missing", "address of a router"},
		{"ports eth1 vlan x", 3, `ports eth1 vlan: "x" is not valid`, "name of an entry of vlans (VLAN id 1 to 4094)"},
		{"system users ann password-hash hunter2", 4, "system users ann password-hash: \"(hidden)\" is not valid", "a secret"},
		{"system users ann password-hash <hidden>", 4, "system users ann password-hash: the secret is not said", ""},
	} {
		_, err := New(base(t)).Set(strings.Fields(c.path)...)
		var p *Problem
		if !errors.As(err, &p) {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		if p.Word != c.word || !strings.HasPrefix(p.Error(), c.want) || !strings.HasPrefix(p.Expected, c.expected) || linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%s: word %d, %v", c.path, p.Word, p)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v shows the secret", err)
		}
	}
	_, err := New(base(t)).Delete("vlans", "10")
	if linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("deleting nothing: %v", err)
	}
}

func TestAt(t *testing.T) {
	tree := of(t, base(t), "set vlans 10 description x", "set routes 10.0.0.0/8 192.0.2.1 distance 5", "set system dns server 192.0.2.1 192.0.2.2")
	for path, there := range map[string]bool{
		"": true, "vlans": true, "vlans 10": true, "vlans 10 description": true, "vlans 10 description x": true, "vlans 10 description y": false,
		"vlans 11 description": false, "routes 10.0.0.0/8 192.0.2.1 distance": true, "routes 10.0.0.0/8 192.0.2.2": false, "system dns server 192.0.2.2": true, "acls": false,
	} {
		if n, err := tree.At(strings.Fields(path)...); err != nil || n.There() != there {
			t.Errorf("%q: %v, %v", path, n.There(), err)
		}
	}
	if _, err := tree.At("routes", "10.0.0.0/8"); err == nil {
		t.Error("half an entry is found")
	}
	if n, _ := tree.At("ports"); n.Get("x") != "" || n.Len() != 0 || n.Child("y").There() {
		t.Error("what is not there has something")
	}
	vlans, _ := tree.At("spanning-tree")
	if vlans.Get("priority") != "" {
		t.Error("a container that is not there has defaults of its own")
	}
	root := tree.Root()
	if root.Child("vlans").Entry("10").Child("interface").Get("enabled") != "" || slices.Collect(root.Child("vlans").Entry("10").Children())[0].Value() != "x" {
		t.Error("children are not as they were set")
	}
	for path, want := range map[string]string{"spanning-tree priority": "32768", "vlans 10 description": "x", "vlans 10 interface enabled": "true", "ports eth9 mode": "access"} {
		if got, err := tree.Get(strings.Fields(path)...); err != nil || got != want {
			t.Errorf("%s is %q, %v", path, got, err)
		}
	}
	if _, err := tree.Get("vlans", "10"); err == nil {
		t.Error("an entry has a value")
	}
}
