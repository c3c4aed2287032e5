// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/linkspan/linkspan/nos/schema"
)

// Form is a text form of a configuration.
type Form uint8

// The forms.
const (
	Commands Form = iota + 1 // set vlans 10 description offices
	YAML
	JSON
)

var formNames = [...]string{"", "set", "yaml", "json"}

// String returns the form's name: set, yaml or json.
func (f Form) String() string { return formNames[f] }

// ParseForm is the inverse of [Form.String].
func ParseForm(name string) (Form, error) {
	if i := slices.Index(formNames[1:], name); i >= 0 {
		return Form(i + 1), nil
	}
	return 0, &Problem{Message: fmt.Sprintf("there is no form %q", name), Expected: "set, yaml or json"}
}

// Text returns the whole configuration in its canonical form, what comes first
// in the schema first. It ends with a line break unless it is empty. Text with
// hidden secrets can be loaded where the secrets are.
func (t *Tree) Text(f Form, s Secrets) []byte { return t.Root().Text(f, s) }

// Text returns the part of the configuration below the node: words of commands
// and levels begin there. Of a leaf it is empty.
func (n Node) Text(f Form, s Secrets) []byte {
	if n.n == nil {
		return nil
	}
	var b strings.Builder
	switch f {
	case Commands:
		for _, e := range n.edits() {
			b.WriteString(e.Command(s) + "\n")
		}
	case YAML:
		p := printer{secrets: s, line: func(depth int, text string) {
			b.WriteString(strings.Repeat("  ", depth) + text + "\n")
		}}
		p.below(n.n, 0)
	case JSON:
		w := jsonWriter{b: &b, secrets: s}
		w.below(n.n, 0)
		b.WriteString("\n")
	}
	return []byte(b.String())
}

func (n Node) edits() []Edit {
	var d differ
	switch {
	case n.n.def.Kind == schema.List && n.n.key == nil:
		d.node(nil, n.n, nil)
	case n.n.def.Type == nil:
		d.kids(nil, n.n, nil)
	}
	return d.edits
}

// printer writes lines of YAML.
type printer struct {
	secrets Secrets
	line    func(depth int, text string)
}

// node writes a child with its name.
func (p *printer) node(n *node, depth int) {
	name := n.def.Name + ":"
	if n.def.Kind == schema.Leaf {
		p.line(depth, name+" "+p.value(n.def, n.values[0]))
		return
	}
	p.line(depth, name)
	p.below(n, depth+1)
}

// below writes what is below a node.
func (p *printer) below(n *node, depth int) {
	switch {
	case n.def.Kind == schema.LeafList:
		for _, v := range n.values {
			p.line(depth, "- "+p.value(n.def, v))
		}
	case n.def.Kind == schema.List && n.key == nil:
		var last []string
		for _, e := range n.entries.All() {
			p.head(last, e.key, depth)
			p.entry(e, depth)
			last = e.key
		}
	default:
		for _, k := range n.kids {
			p.node(k, depth)
		}
	}
}

// head writes the keys of an entry but the last one, if they are not those of the entry before.
func (p *printer) head(last, key []string, depth int) {
	same := true
	for i := range key[:len(key)-1] {
		same = same && last != nil && last[i] == key[i]
		if !same {
			p.line(depth+i, yamlKey(key[i])+":")
		}
	}
}

// entry writes an entry with the last of its keys.
func (p *printer) entry(e *node, depth int) {
	depth += len(e.key) - 1
	name := yamlKey(e.key[len(e.key)-1]) + ":"
	if len(e.kids) == 0 {
		p.line(depth, name+" {}")
		return
	}
	p.line(depth, name)
	p.below(e, depth+1)
}

func (p *printer) value(def *schema.Node, v string) string {
	if def.Secret() && p.secrets == Hide {
		return quoteYAML(Hidden)
	}
	if plainTypes[def.Type.Name] {
		return v
	}
	return yamlText(v)
}

// plainTypes are the types whose values are numbers or booleans in YAML and JSON.
var plainTypes = map[string]bool{"integer": true, "boolean": true, "vlan": true, "percentage": true}

// yamlKey returns a name or key; numbers are keys as they are.
func yamlKey(v string) string {
	if strings.Trim(v, "0123456789") == "" && v != "" {
		return v
	}
	return yamlText(v)
}

// yamlText returns a text in quotes, unless it can be taken for nothing else
// without them: it begins with a letter or '/', and is no word of YAML's own.
func yamlText(v string) string {
	switch strings.ToLower(v) {
	case "true", "false", "yes", "no", "on", "off", "y", "n", "null", "inf", "nan":
		return quoteYAML(v)
	}
	for i := range len(v) {
		c := v[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '/'
		if !letter && (i == 0 || (c < '0' || c > '9') && strings.IndexByte("-_.@+=", c) < 0) {
			if c != ':' || i == 0 || i == len(v)-1 {
				return quoteYAML(v)
			}
		}
	}
	if v == "" {
		return quoteYAML(v)
	}
	return v
}

// quoteYAML returns a text in double quotes, as JSON has it, which is YAML too.
func quoteYAML(v string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // a text can always be encoded
	return strings.TrimSuffix(b.String(), "\n")
}

// jsonWriter writes JSON with a level of indentation for each level.
type jsonWriter struct {
	b       *strings.Builder
	secrets Secrets
}

func (w *jsonWriter) open(c string) { w.b.WriteString(c) }

func (w *jsonWriter) line(depth int, first bool) {
	if !first {
		w.b.WriteString(",")
	}
	w.b.WriteString("\n" + strings.Repeat("  ", depth))
}

// object writes members that each begin a line.
func (w *jsonWriter) object(depth int, brackets string, members func(next func())) {
	first := true
	w.open(brackets[:1])
	members(func() {
		w.line(depth+1, first)
		first = false
	})
	if !first {
		w.b.WriteString("\n" + strings.Repeat("  ", depth))
	}
	w.open(brackets[1:])
}

func (w *jsonWriter) below(n *node, depth int) {
	switch {
	case n.def.Kind == schema.Leaf:
		w.b.WriteString(w.value(n.def, n.values[0]))
	case n.def.Kind == schema.LeafList:
		w.object(depth, "[]", func(next func()) {
			for _, v := range n.values {
				next()
				w.b.WriteString(w.value(n.def, v))
			}
		})
	case n.def.Kind == schema.List && n.key == nil:
		var all []*node
		for _, e := range n.entries.All() {
			all = append(all, e)
		}
		w.entries(all, 0, depth)
	default:
		w.object(depth, "{}", func(next func()) {
			for _, k := range n.kids {
				next()
				w.b.WriteString(quoteYAML(k.def.Name) + ": ")
				w.below(k, depth+1)
			}
		})
	}
}

// entries writes entries that have the same keys before the level'th.
func (w *jsonWriter) entries(all []*node, level, depth int) {
	w.object(depth, "{}", func(next func()) {
		for len(all) > 0 {
			name, n := all[0].key[level], 1
			for n < len(all) && all[n].key[level] == name {
				n++
			}
			next()
			w.b.WriteString(quoteYAML(name) + ": ")
			if level == len(all[0].key)-1 {
				w.below(all[0], depth+1)
			} else {
				w.entries(all[:n], level+1, depth+1)
			}
			all = all[n:]
		}
	})
}

func (w *jsonWriter) value(def *schema.Node, v string) string {
	if def.Secret() && w.secrets == Hide {
		return quoteYAML(Hidden)
	}
	if plainTypes[def.Type.Name] {
		return v
	}
	return quoteYAML(v)
}
