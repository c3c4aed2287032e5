// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Run with -update to rewrite the reference; read the difference.
var update = flag.Bool("update", false, "rewrite docs/reference")

func TestReferenceIsUpToDate(t *testing.T) {
	t.Setenv("LINKSPAN_SOCKET", "/of/this/environment") // which is nobody else's
	t.Setenv("LINKSPAN_LAB", "mine")
	for name, args := range map[string][]string{"commands.md": {"reference"}, "configuration.md": {"reference", "configuration"}} {
		path := filepath.Join("..", "..", "docs", "reference", name)
		got := typeIn(t, args...)
		got.wants(t, exitDone, map[string]string{"commands.md": "## linkspan network create", "configuration.md": "`system hostname`"}[name])
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(got.out), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.out); diff != "" {
			t.Errorf("%s: make docs when this is meant:\n%s", name, diff)
		}
	}
}
