// SPDX-License-Identifier: Apache-2.0

package build_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const guide = "../../../docs/guide/images.md"

// typed returns what the guide tells people to type, without the remarks behind it: what is
// for Docker, or all else.
func typed(t *testing.T, forDocker bool) string {
	t.Helper()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for line := range strings.Lines(string(text)) {
		if line, ok := strings.CutPrefix(line, "    "); ok && strings.HasPrefix(line, "docker ") == forDocker {
			all.WriteString(line)
		}
	}
	return all.String()
}

// TestGuide does what the guide tells, from the recipe to a container that answers.
func TestGuide(t *testing.T) {
	dir := os.Getenv(archivesVariable)
	if !inside() {
		made(t, "base/dns-dhcp") // what it is built on, and that packages can be got
		dir = t.TempDir()
		program := filepath.Join(dir, "bin", "linkspan")
		if out, err := exec.Command("go", "build", "-o", program, "../../../cmd/linkspan").CombinedOutput(); err != nil {
			t.Fatalf("build: %v: %s", err, out)
		}
		b := builder(t)
		cmd := exec.Command("sh", "-e", "-c", typed(t, false))
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(program)+":"+os.Getenv("PATH"), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"))
		if err := os.MkdirAll(filepath.Join(dir, "cache"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(b.Cache, filepath.Join(dir, "cache", "linkspan")); err != nil {
			t.Fatal(err)
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	inNamespaces(t, dir, func(t *testing.T) {
		e := engine{t}
		for line := range strings.Lines(typed(t, true)) {
			args := strings.Fields(line)[1:]
			if args[0] == "load" {
				args[2] = filepath.Join(dir, args[2])
			}
			if args[0] != "exec" {
				e.do(args...)
				continue
			}
			e.has(strings.TrimSpace(line), func() (string, error) { return e.try(args...) }, "192.0.2.22")
		}
	})
}
