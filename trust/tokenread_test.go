// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
)

func TestReadToken(t *testing.T) {
	token, _ := newTestToken(t, TokenRequest{})
	write := func(mode fs.FileMode, text string) string {
		path := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text := token.Reveal() + "\n"
	env := func(value string) func(string) string {
		return func(name string) string { return map[string]string{TokenVariable: value}[name] }
	}
	const good = linkspan.Code(255)
	for name, c := range map[string]struct {
		src  TokenSource
		code linkspan.Code
	}{
		"file":                       {TokenSource{Path: write(0o600, text)}, good},
		"read-only file":             {TokenSource{Path: write(0o400, text)}, good},
		"standard input":             {TokenSource{Path: "-", Stdin: strings.NewReader(text)}, good},
		"environment":                {TokenSource{Getenv: env(text)}, good},
		"a file beats environment":   {TokenSource{Path: write(0o600, text), Getenv: env("x")}, good},
		"file readable by all":       {TokenSource{Path: write(0o644, text)}, linkspan.Permission},
		"file readable by the group": {TokenSource{Path: write(0o640, text)}, linkspan.Permission},
		"no file":                    {TokenSource{Path: filepath.Join(t.TempDir(), "none")}, linkspan.NotFound},
		"nothing":                    {TokenSource{Getenv: env("")}, linkspan.NotFound},
		"empty file":                 {TokenSource{Path: write(0o600, "")}, linkspan.Invalid},
		"huge file":                  {TokenSource{Path: write(0o600, strings.Repeat("A", 1<<20))}, linkspan.Invalid},
		"endless standard input":     {TokenSource{Path: "-", Stdin: endless{}}, linkspan.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReadToken(c.src)
			if c.code != good {
				wantCode(t, err, c.code)
				return
			}
			if err != nil || got.ID != token.ID {
				t.Fatalf("%v, %v", got, err)
			}
		})
	}
}

func TestReadTokenPipe(t *testing.T) {
	token, _ := newTestToken(t, TokenRequest{})
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.WriteString(token.Reveal()); err != nil {
		t.Fatal(err)
	}
	w.Close()
	got, err := ReadToken(TokenSource{Path: "-", Stdin: r})
	if err != nil || got.ID != token.ID {
		t.Fatalf("%v, %v", got, err)
	}
}

// endless never comes to an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'A'
	}
	return len(p), nil
}
