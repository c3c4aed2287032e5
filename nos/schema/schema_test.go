// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"strings"
	"testing"
)

func load(t *testing.T) *Schema {
	t.Helper()
	s, err := Base()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every node has help without a full stop, every leaf and key an example in
// canonical form that is not also what holds without it.
func TestBaseHasHelpAndExamples(t *testing.T) {
	leaves := 0
	load(t).Walk(func(n *Node) {
		if n.Help == "" || strings.HasSuffix(n.Help, ".") || n.Help[:1] != strings.ToUpper(n.Help[:1]) {
			t.Errorf("%s: help %q is not a sentence without a full stop", n.Path(), n.Help)
		}
		for _, k := range n.Keys {
			checkExample(t, n.Path()+"["+k.Name+"]", k.Type, k.Example)
			if k.Help == "" || strings.HasSuffix(k.Help, ".") {
				t.Errorf("%s: key %s: help %q", n.Path(), k.Name, k.Help)
			}
		}
		if n.Type != nil {
			leaves++
			checkExample(t, n.Path(), n.Type, n.Example)
		}
	})
	if leaves < 100 {
		t.Errorf("only %d leaves", leaves)
	}
}

func checkExample(t *testing.T, path string, typ *Type, example string) {
	t.Helper()
	canonical, err := typ.Parse(example)
	if err != nil || canonical != example {
		t.Errorf("%s: example %q: %q, %v", path, example, canonical, err)
	}
}

// Of every leaf of the schema, values that no type can have are refused with
// what is expected, and no value makes a parser fall over.
func TestEveryLeafRefusesWhatIsWrong(t *testing.T) {
	wrong := []string{"", "\x00", "\xff\xfe", strings.Repeat("a", MaxValue+1), "-1", "99999999999999999999", "\u202e\n\r", "a b\x7f"}
	load(t).Walk(func(n *Node) {
		if n.Type == nil || n.Type.Name == "text" {
			return
		}
		for _, value := range wrong {
			canonical, err := n.Type.Parse(value)
			if err == nil && n.Type.Name != "string" && n.Type.Name != "reference" {
				t.Errorf("%s takes %.20q as %q", n.Path(), value, canonical)
			}
			if err != nil && !strings.Contains(err.Error(), "expected ") {
				t.Errorf("%s: %v does not say what is expected", n.Path(), err)
			}
		}
	})
}

func TestFindNamesWhatIsMissing(t *testing.T) {
	s := load(t)
	n, err := s.Find("ports", "bond", "member")
	if err != nil || n.Path() != "/ports/bond/member" {
		t.Fatalf("%v, %v", n, err)
	}
	if _, err := s.Find("ports", "bind"); err == nil || !strings.Contains(err.Error(), `/ports has no "bind"`) {
		t.Errorf("got %v", err)
	}
}
