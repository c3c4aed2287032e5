// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// fields is a JSON object whose values are kept as they came.
type fields map[string]json.RawMessage

// clone is never nil.
func (f fields) clone() fields {
	c := make(fields, len(f))
	maps.Copy(c, f)
	return c
}

// set writes a value; values are strings, lists and maps of them, which JSON can
// always say.
func (f fields) set(key string, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		panic("field " + key + ": " + err.Error())
	}
	f[key] = raw
}

// read decodes one field into to; one that is missing or of another kind leaves it
// as it is.
func (f fields) read(key string, to any) {
	if raw, ok := f[key]; ok {
		_ = json.Unmarshal(raw, to) // of another kind is as if missing: whoever reads it has a zero value for that
	}
}

func (f fields) text(key string) (s string) {
	f.read(key, &s)
	return s
}

func (f fields) list(key string) (l []string) {
	f.read(key, &l)
	return l
}

func (f fields) yes(key string) (b bool) {
	f.read(key, &b)
	return b
}

// has says whether a field says anything.
func (f fields) has(key string) bool { return !empty(value(f[key])) }

// value decodes a field; what is missing or no JSON is nil. Numbers keep their digits.
func value(raw json.RawMessage) (v any) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}

// empty says whether a value is what dockerd shows of something that was not given.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case json.Number:
		return v == "0"
	case []any:
		return !slices.ContainsFunc(v, func(e any) bool { return e != json.Number("0") })
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// same says whether two values mean the same to dockerd: what one version leaves
// out another shows as null or empty.
func same(a, b any) bool {
	if empty(a) && empty(b) {
		return true
	}
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok {
			return false
		}
		for key := range a {
			if _, there := b[key]; !there && !plain(a[key]) || !same(a[key], b[key]) {
				return false
			}
		}
		for key := range b {
			if _, there := a[key]; !there && (!plain(b[key]) || !empty(b[key])) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	}
	return a == b
}

// plain says whether a value may be missing where it is empty: an empty object is
// often a member of a set, such as a port.
func plain(v any) bool {
	_, object := v.(map[string]any)
	return !object
}
