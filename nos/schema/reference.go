// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"fmt"
	"strings"
)

// Reference returns the documentation of all nodes as Markdown: a section for
// each node of the root, a row for each leaf below it.
func (s *Schema) Reference() string {
	var b strings.Builder
	for _, n := range s.Root.Children {
		fmt.Fprintf(&b, "## %s\n\n%s.\n", n.Name, n.Help)
		if n.ChangedBy != "" {
			fmt.Fprintf(&b, "Changed by the role %s alone.\n", n.ChangedBy)
		}
		if rows := rows(n, words(n, "")); rows != "" {
			fmt.Fprintf(&b, "\n| path | value | what |\n|---|---|---|\n%s", rows)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// words returns the node's path as it is typed, with the names of keys.
func words(n *Node, above string) string {
	text := strings.TrimSpace(above + " " + n.Name)
	for _, k := range n.Keys {
		text += " <" + k.Name + ">"
	}
	return text
}

func rows(n *Node, path string) string {
	var b strings.Builder
	for _, k := range n.Keys {
		fmt.Fprintf(&b, "| `%s`: %s | %s | %s |\n", path, k.Name, cell(k.Type.Expected()), cell(k.Help+", as `"+k.Example+"`"))
	}
	if n.Type != nil {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", path, cell(n.Type.Expected()), cell(n.describe()))
	}
	for _, c := range n.Children {
		b.WriteString(rows(c, words(c, path)))
	}
	return b.String()
}

// describe is all that a person must know of a leaf beside its values.
func (n *Node) describe() string {
	text := n.Help
	for _, c := range n.Type.Choices {
		text += "; `" + c.Value + "`: " + c.Help
	}
	if n.Type.Choices == nil {
		text += ", as `" + n.Example + "`"
	}
	if n.Default != "" {
		text += "; default `" + n.Default + "`"
	}
	if n.Kind == LeafList {
		text += "; several"
	}
	if n.Required {
		text += "; required"
	}
	if n.ChangedBy != "" {
		text += "; changed by the role " + n.ChangedBy + " alone"
	}
	for _, c := range n.Requires {
		text += "; only with `" + c.String() + "`"
	}
	for _, c := range n.Excludes {
		text += "; not with `" + c.String() + "`"
	}
	return text
}

func cell(text string) string { return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text) }
