// SPDX-License-Identifier: Apache-2.0

package recipe_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/yamlfile"
	"github.com/linkspan/linkspan/nos/render"
	"github.com/linkspan/linkspan/registry/recipe"
	"github.com/linkspan/linkspan/registry/recipe/debian"
)

// Run with -update to rewrite the files below testdata; read the difference.
var update = flag.Bool("update", false, "rewrite testdata")

func TestEmbedded(t *testing.T) {
	names := recipe.Names()
	if len(names) != 8 {
		t.Errorf("recipes are %v", names)
	}
	for _, name := range names {
		source, err := recipe.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := recipe.Read(source)
		if err != nil {
			t.Fatal(err)
		}
		if r.Name != name || len(r.Changelog) == 0 {
			t.Errorf("%s is named %s, and has %d changes", name, r.Name, len(r.Changelog))
		}
		m, err := r.ImageManifest(source)
		if err != nil {
			t.Fatal(err)
		}
		if m == nil {
			continue
		}
		if label, err := m.Label(); err != nil || len(label) > 32<<10 {
			t.Errorf("the label of %s has %d bytes, %v", name, len(label), err)
		}
		for _, c := range m.Configured {
			for _, r := range c.Render {
				if err := render.Check(r); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		dir := filepath.Join(t.TempDir(), "copy")
		if err := recipe.Copy(source, dir); err != nil {
			t.Fatal(err)
		}
		folder, err := recipe.Find(dir)
		if err != nil {
			t.Fatal(err)
		}
		again, err := recipe.Read(folder)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, again); diff != "" {
			t.Error(diff)
		}
	}
}

func TestOwnPrograms(t *testing.T) {
	for _, name := range []string{"ask", "frr", "init", "monitor"} {
		files, err := recipe.OwnProgram(name)
		if err != nil || len(files["main.go"]) == 0 {
			t.Errorf("%s has %d files, %v", name, len(files), err)
		}
		for file := range files {
			if strings.HasSuffix(file, "_test.go") {
				t.Errorf("%s has %s", name, file)
			}
		}
	}
	if _, err := recipe.OwnProgram("other"); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("got %v", err)
	}
}

// TestMistakes compares what is said about each file below testdata with the text beside it.
func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files: ", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, err = recipe.Read(source(text))
		var wrong yamlfile.Problems
		if !errors.As(err, &wrong) {
			t.Fatalf("%s: got %v, want problems", file, err)
		}
		golden := strings.TrimSuffix(file, ".yaml") + ".txt"
		if *update {
			if err := os.WriteFile(golden, []byte(wrong.Error()+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), wrong.Error()+"\n"); diff != "" {
			t.Error(diff)
		}
	}
}

func source(text []byte) recipe.Source {
	return recipe.Source{Name: "x", FS: fstest.MapFS{recipe.FileName: {Data: text}, "schema.yaml": {Data: []byte("nodes: {}\n")}, "t": {Data: []byte("t")}}}
}

func TestFind(t *testing.T) {
	for _, name := range []string{"base/none", "none", "/nothing/there", "./nothing"} {
		if _, err := recipe.Find(name); linkspan.CodeOf(err) != linkspan.NotFound {
			t.Errorf("%s: got %v", name, err)
		}
	}
	s, err := recipe.Find(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := recipe.Read(s); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("a folder without a recipe: %v", err)
	}
}

// No link leads out of a recipe's folder.
func TestBesideIsBeside(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "long"), make([]byte, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := recipe.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := s.Beside("out", 1<<20); err == nil {
		t.Errorf("a link leads out: %.40q", text)
	}
	if _, err := s.Beside("long", 99); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("a file of any length is read: %v", err)
	}
}

func TestLock(t *testing.T) {
	hash := strings.Repeat("0f", 32)
	lock := recipe.Lock{Architectures: map[string][]debian.Pin{"amd64": {{Name: "libc6", Version: "2.36-9+deb12u14", Architecture: "amd64", SHA256: hash}, {Name: "netbase", Version: "6.4", Architecture: "all", SHA256: hash}}}}
	s, err := recipe.Folder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []recipe.Source{s, recipe.Embedded("base/slim")} {
		locks := t.TempDir()
		file := recipe.LockFile(source, locks, "base/slim")
		if err := lock.Write(file); err != nil {
			t.Fatal(err)
		}
		again, err := recipe.ReadLock(source, locks, "base/slim")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(lock, again); diff != "" {
			t.Error(diff)
		}
	}
	none, err := recipe.ReadLock(recipe.Embedded("base/slim"), t.TempDir(), "base/slim")
	if err != nil || none.Architectures != nil {
		t.Errorf("got %+v, %v", none, err)
	}
	for _, text := range []string{
		"x", "apiVersion: linkspan/v1\nkind: Lock\narchitectures: {amd64: [{name: ../x, version: '1', architecture: a, sha256: " + hash + "}]}\n",
		"apiVersion: linkspan/v1\nkind: Lock\narchitectures: {amd64: [{name: xy, version: '1', architecture: a, sha256: zz}]}\n",
	} {
		if _, err := recipe.ParseLock("l", []byte(text)); err == nil {
			t.Errorf("%q is a lock", text)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range recipe.Names() {
		text, err := recipe.Embedded(name).Beside(recipe.FileName, recipe.MaxRecipe)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := recipe.Read(source(text))
		if err == nil && len(r.Problems()) > 0 {
			t.Fatal(r.Problems())
		}
	})
}

func FuzzParseLock(f *testing.F) {
	f.Add([]byte("apiVersion: linkspan/v1\nkind: Lock\narchitectures:\n  amd64:\n    - {name: \"xy\", version: \"1\", architecture: \"all\", sha256: \"" + strings.Repeat("0", 64) + "\"}\n"))
	f.Fuzz(func(_ *testing.T, text []byte) { _, _ = recipe.ParseLock("l", text) })
}
