// SPDX-License-Identifier: Apache-2.0

package yamlfile

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/linkspan/linkspan"
)

// maxDepth is how deep values may be nested.
const maxDepth = 32

// Decode reads a value into a variable, whose fields are named by their json tags; those
// without omitempty or omitzero must be there. Where each field stands is noted below path.
// It reads texts, numbers, true and false, lists, mappings of texts to these, and whatever
// reads text itself. A node that was left out leaves the variable as it is. Into must be a
// pointer to a variable of such a type; another one is a mistake of the program and panics.
func (r *Reader) Decode(n *yaml.Node, path string, into any) {
	r.value(n, path, reflect.ValueOf(into).Elem(), 0)
}

func (r *Reader) value(n *yaml.Node, path string, v reflect.Value, depth int) {
	if n == nil {
		return
	}
	if path != "" {
		r.Mark(path, n)
	}
	if depth > maxDepth {
		r.Fail(n, "values are nested too deep", fmt.Sprintf("at most %d levels", maxDepth))
		return
	}
	if reading, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		r.readText(n, reading)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		r.value(n, path, v.Elem(), depth)
	case reflect.Struct:
		r.fields(n, path, v, depth)
	case reflect.Slice:
		r.items(n, path, v, depth)
	case reflect.Map:
		r.entries(n, path, v, depth)
	case reflect.Interface:
		v.Set(reflect.ValueOf(r.any(n, depth)))
	default:
		r.simple(n, v)
	}
}

// readText reads what has a form of its own.
func (r *Reader) readText(n *yaml.Node, into encoding.TextUnmarshaler) {
	text, ok := r.Scalar(n, "!!str", "a text")
	if !ok {
		return
	}
	if err := into.UnmarshalText([]byte(text)); err != nil {
		message := err.Error()
		var coded *linkspan.Error
		if errors.As(err, &coded) {
			message = coded.Message
		}
		r.Fail(n, message, strings.TrimPrefix(linkspan.HintOf(err), "write "))
	}
}

// fields reads a mapping into a struct.
func (r *Reader) fields(n *yaml.Node, path string, v reflect.Value, depth int) {
	names, needed := tags(v.Type())
	fields, ok := r.Mapping(n, path, names...)
	if !ok {
		return
	}
	for i, name := range names {
		field := fields[name]
		if field == nil && needed[i] {
			r.Fail(n, name+" is missing", name+": "+wanted(v.Field(i).Type()))
		}
		if field != nil && field.Kind == yaml.ScalarNode && field.ShortTag() == "!!str" && field.Value == "" {
			r.Fail(field, "the text is empty", "one that is not, or leave the field out")
			continue
		}
		r.value(field, strings.TrimPrefix(path+"."+name, "."), v.Field(i), depth+1)
	}
}

// tags returns the names of a struct's fields, and which must be there.
func tags(t reflect.Type) (names []string, needed []bool) {
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
		needed = append(needed, !strings.Contains(options, "omit"))
	}
	return names, needed
}

// wanted says what a value of a type looks like.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice:
		return "[...]"
	case reflect.Map, reflect.Struct:
		return "{...}"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	}
	return "a value"
}

func (r *Reader) items(n *yaml.Node, path string, v reflect.Value, depth int) {
	items := r.List(n)
	if items == nil {
		return
	}
	all := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		r.value(item, fmt.Sprintf("%s[%d]", path, i), all.Index(i), depth+1)
	}
	v.Set(all)
}

func (r *Reader) entries(n *yaml.Node, path string, v reflect.Value, depth int) {
	fields, ok := r.Mapping(n, "")
	if !ok {
		return
	}
	all := reflect.MakeMap(v.Type())
	for name, field := range fields {
		value := reflect.New(v.Type().Elem()).Elem()
		r.value(field, path+"."+name, value, depth+1)
		all.SetMapIndex(reflect.ValueOf(name), value)
	}
	v.Set(all)
}

// simple reads a text, a number, or true and false.
func (r *Reader) simple(n *yaml.Node, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if text, ok := r.Scalar(n, "!!str", `a text, in quotes if it looks like something else, as in "80" or "true"`); ok {
			v.SetString(text)
		}
	case reflect.Bool:
		v.SetBool(r.Boolean(n))
	case reflect.Int, reflect.Int64:
		r.number(n, "a whole number", "!!int", func(text string) (err error) {
			whole, err := strconv.ParseInt(text, 10, 64)
			v.SetInt(whole)
			return err
		})
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		bits := v.Type().Bits()
		want := fmt.Sprintf("a whole number from 0 to %d", ^uint64(0)>>(64-bits))
		r.number(n, want, "!!int", func(text string) (err error) {
			whole, err := strconv.ParseUint(text, 10, bits)
			v.SetUint(whole)
			return err
		})
	case reflect.Float64:
		tag := "!!float"
		if n.ShortTag() == "!!int" {
			tag = "!!int"
		}
		r.number(n, "a number", tag, func(text string) (err error) {
			number, err := strconv.ParseFloat(text, 64)
			v.SetFloat(number)
			return err
		})
	default:
		panic("yamlfile: no values of type " + v.Type().String() + " are read")
	}
}

// number reads digits as people write them; forms that only YAML has are refused.
func (r *Reader) number(n *yaml.Node, want, tag string, set func(string) error) {
	text, ok := r.Scalar(n, tag, want)
	if !ok {
		return
	}
	if err := set(text); err != nil || strings.ContainsAny(text, "_xXnN") {
		r.Fail(n, fmt.Sprintf("%s is not one", text), want)
	}
}

// any reads whatever is there: map[string]any, []any, string, int64, float64 or bool.
func (r *Reader) any(n *yaml.Node, depth int) any {
	read := func(v reflect.Value) any {
		r.value(n, "", v.Elem(), depth+1)
		return v.Elem().Interface()
	}
	switch {
	case n.Kind == yaml.MappingNode:
		return read(reflect.ValueOf(&map[string]any{}))
	case n.Kind == yaml.SequenceNode:
		return read(reflect.ValueOf(&[]any{}))
	case n.ShortTag() == "!!int":
		return read(reflect.ValueOf(new(int64)))
	case n.ShortTag() == "!!float":
		return read(reflect.ValueOf(new(float64)))
	case n.ShortTag() == "!!bool":
		return read(reflect.ValueOf(new(bool)))
	}
	return read(reflect.ValueOf(new(string)))
}
