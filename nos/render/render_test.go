// SPDX-License-Identifier: Apache-2.0

package render_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/render"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/registry/recipe"
)

// Run with -update to rewrite the files below testdata; read the difference.
var update = flag.Bool("update", false, "rewrite testdata")

// mounted returns the parts of all images that linkspan brings, and an empty configuration
// whose schema has them.
func mounted(t testing.TB) (map[string]linkspan.Configured, *tree.Tree) {
	t.Helper()
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	parts := make(map[string]linkspan.Configured)
	for _, name := range recipe.Names() {
		source := recipe.Embedded(name)
		r, err := recipe.Read(source)
		if err != nil {
			t.Fatal(err)
		}
		m, err := r.ImageManifest(source)
		if err != nil {
			t.Fatal(err)
		}
		if m == nil {
			continue
		}
		for _, c := range m.Configured {
			from, err := render.Source(name, c)
			if err != nil {
				t.Fatal(err)
			}
			if s, err = s.Mount(from); err != nil {
				t.Fatal(err)
			}
			parts[strings.TrimPrefix(name, "base/")] = c
		}
	}
	return parts, tree.New(s)
}

// TestFiles makes the files of configurations below testdata and compares them with those beside.
func TestFiles(t *testing.T) {
	parts, empty := mounted(t)
	for name, c := range parts {
		text, err := os.ReadFile(filepath.Join("testdata", name+".set"))
		if err != nil {
			t.Fatal(err)
		}
		whole, err := empty.Load(tree.Commands, text)
		if err != nil {
			t.Fatal(err)
		}
		for state, configured := range map[string]*tree.Tree{"": whole, ".empty": empty} {
			files, err := render.Files(c, configured)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, f := range files {
				golden(t, filepath.Join("testdata", name+state+".conf"), f.Text)
			}
		}
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestValuesDoNotEscape(t *testing.T) {
	s, err := schema.Load(schema.Source{Name: "x", Place: "/", Text: []byte("nodes: {a: {type: text, range: 0..100, help: h, example: x}}")})
	if err != nil {
		t.Fatal(err)
	}
	c := linkspan.Configured{Render: []linkspan.Rendering{{File: "/f", Template: "x {{word .a}}\n"}}}
	for _, value := range []string{"a b", "a\nb", "a#b", `a"b`, "a;b", "a,b", "a\tb"} {
		whole, err := tree.New(s).Set("a", value)
		if err != nil {
			t.Fatal(err)
		}
		files, err := render.Files(c, whole)
		if err == nil || strings.Contains(err.Error(), value) {
			t.Errorf("%q: %v, %v", value, files, err)
		}
	}
	whole, err := tree.New(s).Set("a", "a\nno router bgp")
	if err != nil {
		t.Fatal(err)
	}
	c.Render[0].Template = "{{line .a}}"
	if files, err := render.Files(c, whole); err == nil {
		t.Errorf("a line break is written: %v", files)
	}
}

func TestCheck(t *testing.T) {
	for template, right := range map[string]bool{
		"{{word .a}}": true, "{{.a | word}}": true, "{{$x := .a}}{{line $x}}": true, "{{if .a}}{{range .b}}{{word .}}{{else}}{{line .}}{{end}}{{end}}": true, "plain": true,
		"{{.a}}": false, "{{if .a}}{{.a}}{{end}}": false, "{{range .a}}x{{else}}{{.}}{{end}}": false, "{{with .a}}{{printf `%s` .}}{{end}}": false, "{{word .a | printf `%s`}}": false,
		"{{": false, "{{nothing .a}}": false, `{{define "x"}}{{.}}{{end}}`: false,
	} {
		if err := render.Check(linkspan.Rendering{File: "/f", Template: template}); (err == nil) != right {
			t.Errorf("%s: %v", template, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("{{range .a}}{{word .}}{{end}}")
	f.Fuzz(func(_ *testing.T, template string) {
		_ = render.Check(linkspan.Rendering{File: "/f", Template: template})
	})
}
