// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"strings"
	"testing"
)

func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"nodes:\n  a: {type: string, help: A, example: x, colour: red}", `f.yaml:2: unknown field "colour"`},
		{"nodes:\n  a: {type: strin, help: A, example: x}", `f.yaml:2: there is no type "strin"`},
		{"nodes:\n  a: {type: string, example: x}", "/a has no help"},
		{"nodes:\n  a: {type: string, help: A}", "there is no example"},
		{"nodes:\n  a: {type: integer, help: A, example: x}", "the example: "},
		{"nodes:\n  a: {type: integer, help: A, example: '1', default: x}", "the default: "},
		{"nodes:\n  a: {type: integer, help: A, example: '1', range: 5..1}", "not of the form"},
		{"nodes:\n  a: {help: A}", "a node has a type, keys or nodes"},
		{"nodes:\n  A: {type: string, help: A, example: x}", `name "A" is not of small letters`},
		{"nodes:\n  a: {type: string, help: A, example: x}\n  a: {type: string, help: A, example: x}", "f.yaml:3: /a is also at f.yaml:2"},
		{"nodes:\n  a: {type: enum, help: A, example: x}", "type enum has choices"},
		{"nodes:\n  a: {type: string, help: A, example: x, pattern: '['}", "regular expression"},
		{"nodes:\n  a: {type: reference, to: /b, help: A, example: x}", "no list /b"},
		{"nodes:\n  a: {type: string, help: A, example: x, requires: [../b]}", `/ has no "b"`},
		{"nodes:\n  a: {type: boolean, help: A, example: 'true', requires: [../a=maybe]}", "maybe"},
		{"nodes:\n  a: {type: string, help: A, example: x, nodes: {}}", "a leaf has no field nodes"},
		{"nodes:\n  a: {help: A, keys: [{name: k, type: secret, help: K, example: x}]}", "a key cannot be a secret"},
		{"nodes:\n  a: {help: A, open: yes}", "true or false"},
		{"a: 1", `unknown field "a"`},
		{"", "EOF"},
		{"nodes: {a: [", "yaml:"},
		{"nodes: {}\n---\nnodes: {}", "more than one document"},
	} {
		_, err := Load(Source{Name: "f.yaml", Place: "/", Text: []byte(c.text)})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\ngives %v\nwant %s", c.text, err, c.want)
		}
	}
}

const ospf = `nodes:
  ospf:
    help: OSPF
    nodes:
      router-id: {type: address-v4, help: Name of the router, example: 192.0.2.1}
      interface: {type: reference, to: /interfaces, many: set, help: Interface that speaks it, example: eth0}
`

func TestMount(t *testing.T) {
	base := load(t)
	source := Source{Name: "routing", Place: "/protocols", Text: []byte(ospf)}
	with, err := base.Mount(source)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := with.Find("protocols", "ospf", "interface"); err != nil || n.Type.To.Path() != "/interfaces" {
		t.Errorf("%v, %v", n, err)
	}
	if _, err := base.Find("protocols", "ospf"); err == nil {
		t.Error("the schema it was mounted in has it too")
	}
	source.Name = "other"
	if _, err := with.Mount(source); err == nil || !strings.Contains(err.Error(), "other:2: /protocols/ospf is also at routing:2") {
		t.Errorf("collision: %v", err)
	}
	for _, place := range []string{"/ports", "/system", "/none"} {
		if _, err := base.Mount(Source{Name: "bad", Place: place, Text: []byte(ospf)}); err == nil {
			t.Errorf("mounted in %s", place)
		}
	}
	without, err := with.Unmount("routing")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := without.Find("protocols", "ospf"); err == nil {
		t.Error("it is there after it was unmounted")
	}
}

// Whatever a service brings, loading ends with a schema or with problems.
func FuzzLoad(f *testing.F) {
	f.Add(ospf)
	f.Add("nodes: {a: {help: A, type: duration, range: 1s..2s, example: 1s, default: 2s, requires: [../../x]}}")
	f.Add("nodes: {a: &a {help: A, nodes: *a}}")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Load(Source{Name: "f", Place: "/", Text: []byte(text)})
		if (s == nil) == (err == nil) {
			t.Errorf("schema %v, error %v", s, err)
		}
	})
}
