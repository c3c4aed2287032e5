// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

// MaxFile is the greatest size of a file that is made, in bytes.
const MaxFile = 4 << 20

// File is a file of a service.
type File struct {
	Path string // in the container
	Text string
}

// Files makes the files of a part from a configuration, whose schema has the part mounted.
// Errors have code Invalid; none has a value in it.
func Files(c linkspan.Configured, t *tree.Tree) ([]File, error) {
	def, err := t.Schema().Find(c.Path...)
	if err != nil {
		return nil, err
	}
	at, err := t.At(c.Path...)
	if err != nil {
		return nil, err
	}
	data := fields(def, at)
	files := make([]File, len(c.Render))
	for i, r := range c.Render {
		template, err := parsed(r.File, r.Template)
		if err != nil {
			return nil, err
		}
		out := &limited{}
		if err := template.Execute(out, data); err != nil {
			return nil, fmt.Errorf("make %s: %w", r.File, err)
		}
		files[i] = File{Path: r.File, Text: out.String()}
	}
	return files, nil
}

// fields are what a template sees of a container or an entry: all that its definition has.
func fields(def *schema.Node, n tree.Node) map[string]any {
	all := map[string]any{"There": n.There()}
	for _, child := range def.Children {
		name := strings.ReplaceAll(child.Name, "-", "_")
		at := n.Child(child.Name)
		switch child.Kind {
		case schema.Leaf:
			all[name] = child.Default
			if at.There() {
				all[name] = at.Value()
			}
		case schema.LeafList:
			all[name] = at.Values()
		case schema.List:
			all[name] = entries(child, at)
		default:
			all[name] = fields(child, at)
		}
	}
	return all
}

func entries(def *schema.Node, list tree.Node) []map[string]any {
	var all []map[string]any
	for e := range list.Entries() {
		one := fields(def, e)
		for i, k := range def.Keys {
			one[strings.ReplaceAll(k.Name, "-", "_")] = e.Key()[i]
		}
		all = append(all, one)
	}
	return all
}

// limited is a text of at most MaxFile bytes.
type limited struct{ strings.Builder }

// Write implements io.Writer.
func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > MaxFile {
		return 0, &linkspan.Error{Code: linkspan.Exhausted, Message: fmt.Sprintf("the file is longer than %d bytes", MaxFile)}
	}
	return l.Builder.Write(p)
}
