// SPDX-License-Identifier: Apache-2.0

package yamlfile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/yamlfile"
)

type thing struct {
	Name   string            `json:"name"`
	Wait   linkspan.Duration `json:"wait,omitzero"`
	On     bool              `json:"on,omitzero"`
	Size   uint16            `json:"size,omitzero"`
	Whole  int               `json:"whole,omitzero"`
	Share  float64           `json:"share,omitzero"`
	Words  []string          `json:"words,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
	Parts  []thing           `json:"parts,omitempty"`
	One    *thing            `json:"one,omitempty"`
	Free   any               `json:"free,omitempty"`
}

func read(text string) (thing, *yamlfile.Reader, error) {
	var got thing
	var reader *yamlfile.Reader
	err := yamlfile.Read("f", []byte(text), 1<<20, func(r *yamlfile.Reader) {
		reader = r
		r.Decode(r.Head("Thing", "spec")["spec"], "spec", &got)
	})
	return got, reader, err
}

const head = "apiVersion: linkspan/v1\nkind: Thing\n"

func TestDecode(t *testing.T) {
	got, r, err := read(head + `spec:
  name: a
  wait: 1m
  on: true
  size: 7
  whole: -3
  share: 0.5
  words: [b, "", "3"]
  labels: {x.y: z, e: ""}
  parts:
    - {name: p, share: 2}
  one: {name: o}
  free: {a: [1, 2.5, true, b], c: {}}
`)
	if err != nil {
		t.Fatal(err)
	}
	want := thing{
		Name: "a", Wait: linkspan.Duration(time.Minute), On: true, Size: 7, Whole: -3, Share: 0.5, Words: []string{"b", "", "3"},
		Labels: map[string]string{"x.y": "z", "e": ""}, Parts: []thing{{Name: "p", Share: 2}}, One: &thing{Name: "o"},
		Free: map[string]any{"a": []any{int64(1), 2.5, true, "b"}, "c": map[string]any{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for path, want := range map[string][2]int{"": {1, 1}, "spec.labels.x.y": {11, 17}, "spec.parts[0].share": {13, 24}, "spec.parts[0].nothing": {13, 7}} {
		if at := r.At(path); at != (yamlfile.Position{Line: want[0], Column: want[1]}) {
			t.Errorf("%s is at %v", path, at)
		}
	}
}

func TestDecodeMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"spec: {}":                                "f:3:7: name is missing; expected name: a text",
		"spec: {name: \"\"}":                      "f:3:14: the text is empty; expected one that is not, or leave the field out",
		"spec: {name: a, size: 65536}":            "f:3:23: 65536 is not one; expected a whole number from 0 to 65535",
		"spec: {name: a, whole: 0x10}":            "f:3:24: 0x10 is not one; expected a whole number",
		"spec: {name: a, whole: 1_0}":             "f:3:24: 1_0 is not one; expected a whole number",
		"spec: {name: a, share: .inf}":            "f:3:24: .inf is not one; expected a number",
		"spec: {name: a, wait: 30}":               "f:3:23: this is a number; expected a text",
		"spec: {name: a, wait: 30x}":              `f:3:23: duration "30x" is not understood; expected a number with its unit, as in 500ms, 30s, 5m or 1h30m`,
		"spec: {name: a, privileged: true}":       `f:3:17: field "privileged" is not known; expected one of name, wait, on, size, whole, share, words, labels, parts, one, free`,
		"spec: {name: a, parts: [{name: 1}]}":     `f:3:32: this is a number; expected a text, in quotes if it looks like something else, as in "80" or "true"`,
		"spec: {name: a, name: b}":                "f:3:17: name is said twice",
		"spec: {name: a, labels: {k: v, k: w}}":   "f:3:32: k is said twice",
		"spec: &x {name: a}":                      "f:3:7: anchors and aliases have no meaning here; expected the value itself",
		"spec: {name: a, words: *x}":              "f:3:24: this is not YAML: unknown anchor 'x' referenced",
		"spec: {name: a, words: {}}":              "f:3:24: this is a mapping of fields; expected a list, as in [...]",
		"spec: {name: a, free: !!binary aGk=}":    `f:3:23: tag "!!binary" has no meaning here; expected the value without it`,
		"spec: {name: a, on: yes}":                "f:3:21: this is a text; expected true or false",
		"spec: {name: a, one: null}":              "f:3:22: this is empty; expected fields: name, wait, on, size, whole, share, words, labels, parts, one, free",
		"spec: {name: a}\n---\nkind: Other\n":     "f:5:1: apiVersion is missing; expected apiVersion: linkspan/v1",
		"spec: {name: a, free: " + deep(40) + "}": "values are nested too deep; expected at most 32 levels",
	} {
		_, _, err := read(head + text)
		var wrong yamlfile.Problems
		if !errors.As(err, &wrong) || !strings.Contains(wrong[0].String(), want) {
			if strings.Contains(want, "unknown anchor") && err != nil {
				continue // where it is told from depends on the reader of YAML
			}
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
}

func deep(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

func FuzzDecode(f *testing.F) {
	f.Add("spec: {name: a, parts: [{name: b}], free: {a: [1]}}")
	f.Add("spec: {name: a, share: 1e3, one: {name: b, wait: 3s}}")
	f.Fuzz(func(t *testing.T, text string) {
		_, _, err := read(head + text)
		var wrong yamlfile.Problems
		if err != nil && (!errors.As(err, &wrong) || len(wrong) == 0) {
			t.Fatal(err)
		}
		for _, p := range wrong {
			if p.Line < 1 || p.Column < 1 || p.Message == "" {
				t.Fatal(fmt.Sprintf("%+v", p))
			}
		}
	})
}
