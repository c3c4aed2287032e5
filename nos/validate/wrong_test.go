// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"errors"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/schema/schematest"
	"github.com/linkspan/linkspan/nos/tree"
)

// words returns a path to a node, with the examples of the keys on it.
func words(n *schema.Node) []string {
	if n.Parent == nil {
		return nil
	}
	all := append(words(n.Parent), n.Name)
	for _, k := range n.Keys {
		all = append(all, k.Example)
	}
	return all
}

// Every leaf and every key of the schema refuses values of almost the right form and values
// just outside of its limits, however they are brought, says where and what is expected, and leaves
// what there was.
func TestEveryLeafRefusesWhatIsOutsideOfItsLimits(t *testing.T) {
	v := base(t)
	before := tree.New(v.schema)
	leaves, values := 0, 0
	try := func(path []string, typ *schema.Type, example string, rest ...string) {
		leaves++
		right := append(path[:len(path):len(path)], example)
		if _, err := before.Apply([]tree.Edit{{Words: append(right, rest...)}}); err != nil {
			t.Errorf("its example: %v", err)
		}
		for _, value := range schematest.Wrong(typ, example) {
			values++
			wrong := append(path[:len(path):len(path)], value)
			after, err := before.Apply([]tree.Edit{{Words: wrong}})
			if err == nil {
				t.Errorf("%s takes %.40q", tree.Join(path), value)
				continue
			}
			if !strings.Contains(err.Error(), "expected") || len(err.Error()) > 4096 || after != nil && after != before {
				t.Errorf("%s %.40q: %v", tree.Join(path), value, err)
			}
			if _, err := before.Load(tree.Commands, []byte("set "+tree.Join(wrong)+"\n")); err == nil {
				t.Errorf("%s takes %.40q as text", tree.Join(path), value)
			}
		}
	}
	v.schema.Walk(func(n *schema.Node) {
		for i, k := range n.Keys {
			path := append(words(n.Parent), n.Name)
			for _, earlier := range n.Keys[:i] {
				path = append(path, earlier.Example)
			}
			var rest []string
			for _, later := range n.Keys[i+1:] {
				rest = append(rest, later.Example)
			}
			try(path, k.Type, k.Example, rest...)
		}
		if n.Type != nil {
			try(words(n), n.Type, n.Example)
		}
	})
	if leaves < 130 || values < 8*leaves {
		t.Errorf("only %d leaves and keys, and %d values", leaves, values)
	}
	t.Logf("%d values of %d leaves and keys are refused", values, leaves)
}

// Every reference to what is not there is refused, by name.
func TestEveryReferenceIsHeldToWhatIsThere(t *testing.T) {
	v := base(t)
	n := 0
	v.schema.Walk(func(node *schema.Node) {
		if node.Type == nil || node.Type.Name != "reference" {
			return
		}
		n++
		path := append(words(node), node.Example)
		c, err := tree.New(v.schema).Apply([]tree.Edit{{Words: path}})
		if err != nil {
			t.Error(err)
			return
		}
		var problems tree.Problems
		if err := v.All(c); !errors.As(err, &problems) || !strings.Contains(err.Error(), node.Example) {
			t.Errorf("%s: %v", tree.Join(path), err)
		}
	})
	if n < 10 {
		t.Errorf("only %d references", n)
	}
}
