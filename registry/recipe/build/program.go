// SPDX-License-Identifier: Apache-2.0

package build

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/recipe"
	"github.com/linkspan/linkspan/registry/recipe/debian"
)

// program is one that was made, or is beside the recipe.
type program struct {
	path string // in the image
	file string // on disk
	hash string // SHA-256, in hexadecimal
	note debian.Paragraph
}

// programs makes the programs of the image.
func (o *one) programs(ctx context.Context) error {
	wanted := o.recipe.Programs
	if len(o.recipe.Init) > 0 {
		wanted = append(wanted[:len(wanted):len(wanted)], recipe.Program{Path: initPath, Own: "init"})
	}
	for _, p := range wanted {
		made, err := o.program(ctx, p)
		if err != nil {
			return fmt.Errorf("program %s: %w", p.Path, err)
		}
		o.built = append(o.built, made)
	}
	return nil
}

func (o *one) program(ctx context.Context, p recipe.Program) (program, error) {
	made := program{path: p.Path}
	note := debian.Paragraph{{Name: "Package", Value: path.Base(p.Path)}, {Name: "Version", Value: o.recipe.Version}}
	var err error
	switch {
	case p.From != "":
		made.file, err = o.copied(p.From)
	case p.Own != "":
		made.file, err = o.own(ctx, p.Own)
		note = append(note, debian.Field{Name: "License", Value: "Apache-2.0"})
	default:
		made.file, err = o.compiled(ctx, p.Go)
	}
	if err != nil {
		return made, err
	}
	text, err := os.ReadFile(made.file)
	if err != nil {
		return made, err
	}
	sum := sha256.Sum256(text)
	made.hash = hex.EncodeToString(sum[:])
	if p.Go != "" {
		compiled := made.file
		made.file = filepath.Join(filepath.Dir(compiled), made.hash)
		if err := os.Rename(compiled, made.file); err != nil {
			return made, err
		}
	}
	made.note = append(note, debian.Field{Name: "SHA256", Value: made.hash})
	return made, isProgram(p.Path, text)
}

// copied puts a program that is beside the recipe into the cache.
func (o *one) copied(from string) (string, error) {
	text, err := o.source.Beside(from, recipe.MaxBeside)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	file := filepath.Join(o.Cache, "programs", hex.EncodeToString(sum[:]))
	return file, whole(file, func(f *os.File) error {
		_, err := f.Write(text)
		return err
	})
}

// own compiles a program that Linkspan brings, once for each Go.
func (o *one) own(ctx context.Context, name string) (string, error) {
	sources, err := recipe.OwnProgram(name)
	if err != nil {
		return "", err
	}
	goVersion, err := goTool(ctx, "", o.architecture(), "env", "GOVERSION")
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintln(h, name, o.architecture(), strings.TrimSpace(goVersion))
	for _, file := range slices.Sorted(maps.Keys(sources)) {
		fmt.Fprintln(h, file, len(sources[file]))
		h.Write(sources[file])
	}
	file := filepath.Join(o.Cache, "programs", hex.EncodeToString(h.Sum(nil)))
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	dir, err := os.MkdirTemp(o.Cache, "compile-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the next build removes it
	sources["go.mod"] = []byte("module linkspan/" + name + "\n\ngo 1.26\n")
	for name, text := range sources {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return "", err
		}
	}
	return file, o.compile(ctx, dir, file)
}

// compiled compiles a package of Go beside the recipe.
func (o *one) compiled(ctx context.Context, dir string) (string, error) {
	if o.source.Dir == "" {
		return "", errors.New("an embedded recipe has no packages of Go")
	}
	file := filepath.Join(o.Cache, "programs", "new")
	return file, o.compile(ctx, filepath.Join(o.source.Dir, dir), file)
}

// compile makes a static program in which nothing depends on where it was made.
func (o *one) compile(ctx context.Context, dir, file string) error {
	o.tell("compiling a program of "+o.recipe.Name, 0)
	return whole(file, func(f *os.File) error {
		_, err := goTool(ctx, dir, o.architecture(), "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", f.Name(), ".")
		return err
	})
}

// goTool runs the go command in a folder and returns what it prints.
func goTool(ctx context.Context, dir, architecture string, args ...string) (string, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return "", &linkspan.Error{Code: linkspan.Unavailable, Message: "go is missing: the image has programs that are compiled", Hint: "install Go 1.26 or later: https://go.dev/dl"}
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+architecture, "GOWORK=off", "GOFLAGS=", "GOTOOLCHAIN=local")
	var out, wrong bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &wrong
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", &linkspan.Error{Code: linkspan.Invalid, Op: "go " + args[0], Message: strings.TrimSpace(wrong.String()), Err: err}
	}
	return out.String(), nil
}

// isProgram refuses what is none.
func isProgram(name string, text []byte) error {
	if !bytes.HasPrefix(text, []byte("\x7fELF")) {
		return &linkspan.Error{Code: linkspan.Invalid, Message: name + " is not a program", Hint: "scripts are files of the recipe"}
	}
	return nil
}

// whole writes a file under another name first, so that it is there whole or not at all.
func whole(file string, write func(*os.File) error) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".new-")
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		if gone := os.Remove(f.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}
