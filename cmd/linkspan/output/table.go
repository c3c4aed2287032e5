// SPDX-License-Identifier: Apache-2.0

package output

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"text/template"

	"go.yaml.in/yaml/v3"

	"github.com/linkspan/linkspan"
)

// Column is one column of a table.
type Column[T any] struct {
	Title string
	Value func(T) string
}

// Table says how to print rows of a type, whose JSON form is what programs get.
type Table[T any] struct {
	Name    func(T) string // printed alone with -q
	Columns []Column[T]
	Wide    []Column[T] // added with --no-trunc
}

// Print prints the rows as the options say. No rows print the table's head, an
// empty JSON list, or nothing.
func (t Table[T]) Print(w io.Writer, o Options, rows []T) error {
	if err := o.Validate(); err != nil {
		return err
	}
	switch {
	case o.Quiet:
		for _, row := range rows {
			if _, err := fmt.Fprintln(w, t.Name(row)); err != nil {
				return err
			}
		}
		return nil
	case o.Format != "":
		return printTemplate(w, o.Format, rows)
	case o.Output == "json" || o.Output == "yaml":
		if rows == nil {
			rows = []T{}
		}
		return printDocument(w, o.Output, rows)
	}
	return t.printTable(w, o, rows)
}

// PrintOne prints a single thing: JSON unless the options say otherwise, as
// docker inspect does.
func PrintOne[T any](w io.Writer, o Options, one T) error {
	if err := o.Validate(); err != nil {
		return err
	}
	if o.Format != "" {
		return printTemplate(w, o.Format, []T{one})
	}
	if o.Output == "yaml" {
		return printDocument(w, "yaml", one)
	}
	return printDocument(w, "json", one)
}

func (t Table[T]) printTable(w io.Writer, o Options, rows []T) error {
	columns := t.Columns
	if o.NoTrunc {
		columns = append(columns[:len(columns):len(columns)], t.Wide...)
	}
	tw := tabwriter.NewWriter(w, 0, 8, 3, ' ', 0)
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = c.Title
	}
	fmt.Fprintln(tw, strings.Join(titles, "\t"))
	for _, row := range rows {
		cells := make([]string, len(columns))
		for i, c := range columns {
			cells[i] = c.Value(row)
		}
		fmt.Fprintln(tw, strings.Join(cells, "\t"))
	}
	return tw.Flush()
}

func printDocument(w io.Writer, format string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if format == "json" {
		_, err = fmt.Fprintf(w, "%s\n", text)
		return err
	}
	var node yaml.Node // JSON is YAML, so the field names and their order stay
	if err := yaml.Unmarshal(text, &node); err != nil {
		return err
	}
	plain(&node)
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	if err := enc.Encode(&node); err != nil {
		return err
	}
	return enc.Close()
}

// plain drops JSON's quotes and braces, which YAML needs less of.
func plain(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" {
		n.Style = 0
	}
	if n.Kind != yaml.ScalarNode && len(n.Content) > 0 {
		n.Style = 0
	}
	for _, c := range n.Content {
		plain(c)
	}
}

func printTemplate[T any](w io.Writer, format string, rows []T) error {
	t, err := template.New("format").Funcs(template.FuncMap{
		"json":  func(v any) (string, error) { b, err := json.Marshal(v); return string(b), err },
		"join":  strings.Join,
		"upper": strings.ToUpper,
		"lower": strings.ToLower,
	}).Parse(format)
	if err != nil {
		return &linkspan.Error{Code: linkspan.Invalid, Op: "--format", Err: err, Hint: "it is a Go template, such as '{{.Name}}'"}
	}
	for _, row := range rows {
		if err := t.Execute(w, row); err != nil {
			return &linkspan.Error{Code: linkspan.Invalid, Op: "--format", Err: err, Hint: "'{{json .}}' shows the fields there are"}
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
	}
	return nil
}

// PrintLine prints one thing of a stream: JSON on one line, YAML as a document
// of its own, or through the template.
func PrintLine[T any](w io.Writer, o Options, one T) error {
	switch {
	case o.Format != "":
		return printTemplate(w, o.Format, []T{one})
	case o.Output == "yaml":
		if _, err := fmt.Fprintln(w, "---"); err != nil {
			return err
		}
		return printDocument(w, "yaml", one)
	}
	return json.NewEncoder(w).Encode(one)
}
