// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/catalog"
)

const sum = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestParseReference(t *testing.T) {
	for text, want := range map[string]string{
		"a": "a:latest", "base/routing:1.2": "base/routing:1.2", "base/routing@" + sum: "base/routing@" + sum,
	} {
		if r, err := catalog.ParseReference(text); err != nil || r.String() != want {
			t.Errorf("%s: %s, %v", text, r, err)
		}
	}
	for _, bad := range []string{"", "A", "a:", "a@", "a@sha256:1", "a:b c", "../a", "a//b", ":1", "@" + sum, "a:1@" + sum} {
		if r, err := catalog.ParseReference(bad); linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%q: %v, %v", bad, r, err)
		}
	}
}

func FuzzParseReference(f *testing.F) {
	f.Add("base/routing:1.2")
	f.Add("a@" + sum)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := catalog.ParseReference(text)
		if err != nil {
			return
		}
		if again, err := catalog.ParseReference(r.String()); err != nil || again != r {
			t.Errorf("%q is %v, and %v again: %v", text, r, again, err)
		}
	})
}
