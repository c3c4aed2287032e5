// SPDX-License-Identifier: Apache-2.0

package output

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
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
	Wide    []Column[T]       // added with --no-trunc
	Heads   map[string]string // titles of fields in a template after the word table; nil: their names
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
		return printFormat(w, o.Format, rows, t.Heads)
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
		return printFormat(w, o.Format, []T{one}, nil)
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

// The forms of --format that are words and no templates, as docker has them.
const (
	formatJSON  = "json"   // each row as a line of JSON
	formatTable = "table " // before a template: a table with its titles
)

// Liner is a row whose line of JSON is not what programs get with -o json.
type Liner interface{ Line() any }

func printFormat[T any](w io.Writer, format string, rows []T, heads map[string]string) error {
	if format == formatJSON {
		for _, row := range rows {
			var line any = row
			if l, ok := line.(Liner); ok {
				line = l.Line()
			}
			if err := json.NewEncoder(w).Encode(line); err != nil {
				return err
			}
		}
		return nil
	}
	if body, ok := strings.CutPrefix(format, formatTable); ok {
		return printTemplateTable(w, body, rows, heads)
	}
	return printTemplate(w, format, rows)
}

// printTemplateTable prints the template's fields in columns, their titles first.
func printTemplateTable[T any](w io.Writer, body string, rows []T, heads map[string]string) error {
	tw := tabwriter.NewWriter(w, 0, 8, 3, ' ', 0)
	titles := make(titles)
	if t := reflect.TypeFor[T](); t.Kind() == reflect.Struct {
		for _, f := range reflect.VisibleFields(t) {
			titles[f.Name] = strings.ToUpper(f.Name)
		}
	}
	maps.Copy(titles, heads)
	if err := printTemplate(tw, body, []any{titles}); err != nil {
		return err
	}
	if err := printTemplate(tw, body, rows); err != nil {
		return err
	}
	return tw.Flush()
}

// titles stands for a row in the line of titles.
type titles map[string]string

// Label is the title of a label.
func (titles) Label(name string) string { return name }

// functions are those that docker has in templates.
func functions() template.FuncMap {
	return template.FuncMap{
		"json":  func(v any) (string, error) { b, err := json.Marshal(v); return string(b), err },
		"join":  strings.Join,
		"split": strings.Split,
		"upper": strings.ToUpper,
		"lower": strings.ToLower,
		"title": func(s string) string {
			if s == "" {
				return s
			}
			return strings.ToUpper(s[:1]) + s[1:]
		},
		"pad": func(s string, before, after int) string {
			if s == "" {
				return s
			}
			return strings.Repeat(" ", max(before, 0)) + s + strings.Repeat(" ", max(after, 0))
		},
		"truncate": func(s string, length int) string { return s[:max(0, min(length, len(s)))] },
	}
}

func printTemplate[T any](w io.Writer, format string, rows []T) error {
	format = strings.NewReplacer(`\t`, "\t", `\n`, "\n").Replace(format)
	t, err := template.New("format").Funcs(functions()).Parse(format)
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

// PrintAll prints things that were named, a list of JSON unless the options say
// otherwise, as docker inspect does.
func PrintAll[T any](w io.Writer, o Options, all []T) error {
	switch {
	case o.Format != "":
		return printFormat(w, o.Format, all, nil)
	case o.Output == "yaml":
		return printDocument(w, "yaml", all)
	}
	return printDocument(w, "json", all)
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
