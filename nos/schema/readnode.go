// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Fields of a node, by what they are of.
var (
	nodeFields = []string{"help", "required", "requires", "excludes", "checks", "min", "max", "unique", "open", "keys", "nodes", "many", "default", "changed-by"}
	typeFields = []string{"type", "example", "range", "step", "unit", "pattern", "choices", "to"}
	allFields  = slices.Concat(nodeFields, typeFields)
)

// node reads the fields of a node that has its name and place.
func (r *reader) node(n *Node, y *yaml.Node, depth int) {
	f := r.mapping(y, allFields...)
	n.Help = r.text(f["help"])
	n.Required, n.Open = r.boolean(f["required"]), r.boolean(f["open"])
	n.Min, n.Max = r.number(f["min"]), r.number(f["max"])
	n.Checks = r.texts(f["checks"])
	n.ChangedBy = r.role(f["changed-by"])
	n.Kind = r.kind(f, y.Line)
	for _, name := range misplaced(n.Kind) {
		if field := f[name]; field != nil {
			r.fail(field.Line, "a %s has no field %s", n.Kind, name)
		}
	}
	switch n.Kind {
	case Leaf, LeafList:
		n.Type, n.Example = r.typed(f, y.Line)
		n.Ordered, n.Unique = r.text(f["many"]) == "ordered", r.unique(f["unique"])
		r.value(n, f["default"])
	case List:
		r.keys(n, f["keys"])
	}
	if nodes := f["nodes"]; nodes != nil {
		r.nodes(n, nodes, depth+1)
	}
	if n.Help == "" {
		r.fail(y.Line, "%s has no help", n.Path())
	}
	r.links = append(r.links, link{node: n, file: r.file, line: y.Line, requires: r.texts(f["requires"]), excludes: r.texts(f["excludes"])})
}

// kind tells from its fields what a node is.
func (r *reader) kind(f map[string]*yaml.Node, line int) Kind {
	switch {
	case f["keys"] != nil:
		return List
	case f["many"] != nil:
		if many := r.text(f["many"]); many != "set" && many != "ordered" {
			r.fail(f["many"].Line, "many is set or ordered, not %q", many)
		}
		return LeafList
	case f["type"] != nil:
		return Leaf
	case f["nodes"] == nil && f["open"] == nil:
		r.fail(line, "a node has a type, keys or nodes")
	}
	return Container
}

// misplaced returns the fields that a node of the kind cannot have.
func misplaced(k Kind) []string {
	switch k {
	case Leaf:
		return []string{"nodes", "open", "min", "max"}
	case LeafList:
		return []string{"nodes", "open", "default"}
	case List:
		return append([]string{"many", "default", "unique", "open"}, typeFields...)
	}
	return append([]string{"many", "default", "unique", "min", "max", "required"}, typeFields...)
}

// typed reads the type of a leaf or key, and its example.
func (r *reader) typed(f map[string]*yaml.Node, line int) (*Type, string) {
	name := r.text(f["type"])
	k, ok := kindOf(name)
	if !ok {
		r.fail(line, "there is no type %q", name)
		k, _ = kindOf("string")
	}
	t := &Type{Name: k.name, what: k.what, parse: k.parse, Unit: r.text(f["unit"])}
	if at := f["range"]; at != nil {
		if err := t.parseRanges(at.Value); err != nil {
			r.fail(at.Line, "%v", err)
		}
	}
	if at := f["step"]; at != nil {
		t.Step = int64(r.number(at))
	}
	r.pattern(t, f["pattern"])
	r.choices(t, f["choices"])
	if (t.Name == "enum") != (len(t.Choices) > 0) || (t.Name == "reference") != (f["to"] != nil) {
		r.fail(line, "type enum has choices, type reference has to, and no other type has them")
	}
	example := r.text(f["example"])
	if at := f["to"]; at != nil {
		r.links = append(r.links, link{file: r.file, line: line, reference: t, to: at.Value, example: example})
		return t, example
	}
	if example == "" {
		r.fail(line, "there is no example")
	} else if _, err := t.Parse(example); err != nil {
		r.fail(line, "the example: %v", err)
	}
	return t, example
}

// value reads a default, whose canonical form holds.
func (r *reader) value(n *Node, at *yaml.Node) {
	if at == nil || n.Type.Name == "reference" {
		if at != nil {
			r.fail(at.Line, "a reference has no default")
		}
		return
	}
	canonical, err := n.Type.Parse(r.text(at))
	if err != nil {
		r.fail(at.Line, "the default: %v", err)
	}
	n.Default = canonical
}

// keys reads the keys of a list.
func (r *reader) keys(n *Node, at *yaml.Node) {
	if at.Kind != yaml.SequenceNode || len(at.Content) == 0 {
		r.fail(at.Line, "keys are a list of keys")
		return
	}
	fields := append([]string{"name", "help"}, typeFields...)
	for _, y := range at.Content {
		f := r.mapping(y, fields...)
		k := Key{Name: r.text(f["name"]), Help: r.text(f["help"])}
		k.Type, k.Example = r.typed(f, y.Line)
		if k.Name == "" || k.Help == "" {
			r.fail(y.Line, "a key has a name and help")
		}
		if k.Type.Name == "secret" || k.Type.Name == "text" {
			r.fail(y.Line, "a key cannot be a %s", k.Type.Name)
		}
		n.Keys = append(n.Keys, k)
	}
}

func (r *reader) unique(at *yaml.Node) Scope {
	switch r.text(at) {
	case "":
		return Anywhere
	case "list":
		return InList
	case "tree":
		return InTree
	}
	r.fail(at.Line, "unique is list or tree")
	return Anywhere
}

// role reads the role that changes something.
func (r *reader) role(at *yaml.Node) string {
	role := r.text(at)
	if at != nil && role != "operator" && role != "admin" {
		r.fail(at.Line, "changed-by is operator or admin")
	}
	return role
}

func (r *reader) text(at *yaml.Node) string {
	if at == nil {
		return ""
	}
	if at.Kind != yaml.ScalarNode {
		r.fail(at.Line, "a single value is expected")
		return ""
	}
	return at.Value
}

func (r *reader) texts(at *yaml.Node) []string {
	if at == nil {
		return nil
	}
	if at.Kind != yaml.SequenceNode {
		r.fail(at.Line, "a list of values is expected")
		return nil
	}
	texts := make([]string, len(at.Content))
	for i, y := range at.Content {
		texts[i] = r.text(y)
	}
	return texts
}

func (r *reader) boolean(at *yaml.Node) bool {
	text := r.text(at)
	if at != nil && text != "true" && text != "false" {
		r.fail(at.Line, "true or false is expected")
	}
	return text == "true"
}

func (r *reader) number(at *yaml.Node) int {
	if at == nil {
		return 0
	}
	n, err := strconv.Atoi(r.text(at))
	if err != nil || n < 1 {
		r.fail(at.Line, "a number above 0 is expected")
	}
	return n
}
