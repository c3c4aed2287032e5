// SPDX-License-Identifier: Apache-2.0

package forward_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan/nos/forward"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/schema/schematest"
	"github.com/linkspan/linkspan/nos/tree"
)

var update = flag.Bool("update", false, "rewrite what the stories expect")

// base reads a configuration written as commands.
func base(t testing.TB, commands string) *tree.Tree {
	t.Helper()
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	c, err := tree.New(s).Load(tree.Commands, []byte(commands))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// numbered gives the interfaces of a configuration the OpenFlow ports 1, 2, 3 and so on, in the order
// of the configuration.
func numbered(t *tree.Tree) forward.Facts {
	f := forward.Facts{Ports: make(map[string]uint32)}
	for _, name := range forward.Interfaces(t) {
		f.Ports[name] = uint32(len(f.Ports) + 1)
	}
	return f
}

// TestStories compares the flows of the configurations in testdata with those that stand
// below them.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { story(t, file) })
	}
}

func story(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	given, want, _ := strings.Cut(string(text), "=> flows\n")
	c := base(t, given)
	got := render(forward.Flows(c, numbered(c)))
	if *update {
		if err := os.WriteFile(file, []byte(given+"=> flows\n"+got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func render(s forward.Set) string {
	var b strings.Builder
	for _, m := range s.Meters {
		fmt.Fprintf(&b, "meter=%d rate=%d%s  # %s\n", m.ID, m.Rate, most(m), strings.Join(m.Path, " "))
	}
	for _, f := range s.Flows {
		b.WriteString(f.String())
		if len(f.Path) > 0 {
			b.WriteString("  # " + strings.Join(f.Path, " "))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// TestAnyConfigurationHasFlows: each with a place of its own, and what they name is there.
func TestAnyConfigurationHasFlows(t *testing.T) {
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		c := tree.New(s)
		for range rapid.IntRange(0, 60).Draw(t, "paths") {
			path := schematest.Path(t, s)
			if next, err := c.Set(path...); err == nil {
				c = next
			}
		}
		if names := forward.Interfaces(c); len(names) != len(numbered(c).Ports) {
			t.Skip("a device is in two ports, which no validated configuration has")
		}
		set := forward.Flows(c, numbered(c))
		seen, meters := make(map[string]bool), make(map[uint32]bool)
		for _, m := range set.Meters {
			if meters[m.ID] || m.Rate == 0 {
				t.Fatalf("%+v", m)
			}
			meters[m.ID] = true
		}
		for _, f := range set.Flows {
			place := fmt.Sprint(f.Table, f.Priority, f.Match)
			if seen[place] {
				t.Fatalf("two flows are at %s", place)
			}
			seen[place] = true
			for i := range f.Instructions.All() {
				if id, names := i.Meter(); names && !meters[id] {
					t.Fatalf("%s names a meter that is not there", &f)
				}
			}
		}
	})
}

func most(m forward.Meter) string {
	if m.Most == 0 {
		return ""
	}
	return fmt.Sprintf(" most=%d", m.Most)
}
