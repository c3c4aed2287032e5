// SPDX-License-Identifier: Apache-2.0

package recipe

import (
	"embed"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/linkspan/linkspan"
)

//go:embed all:base
var embedded embed.FS

//go:embed program/*/*.go
var programs embed.FS

// own are the programs that Linkspan brings, by name: folders of programs.
var own = map[string]string{"ask": "program/ask", "init": "program/init", "monitor": "program/monitor", "frr": "program/frr"}

// Names returns the recipes that Linkspan brings, sorted.
func Names() []string {
	found, err := fs.Glob(embedded, "base/*/"+FileName)
	if err != nil {
		panic(err) // the pattern is right
	}
	names := make([]string, len(found))
	for i, file := range found {
		names[i] = path.Dir(file)
	}
	slices.Sort(names)
	return names
}

// Embedded returns a recipe that Linkspan brings. Reading it fails if there is none.
func Embedded(name string) Source {
	sub, err := fs.Sub(embedded, name)
	if err != nil {
		return Source{Name: name, FS: embed.FS{}}
	}
	return Source{Name: name, FS: sub}
}

// Find returns the recipe that somebody means: the name of one that Linkspan brings, or, if it
// begins with / or ., the path of a folder.
func Find(name string) (Source, error) {
	if strings.HasPrefix(name, "/") || strings.HasPrefix(name, ".") {
		return Folder(name)
	}
	if slices.Contains(Names(), name) {
		return Embedded(name), nil
	}
	return Source{}, &linkspan.Error{
		Code: linkspan.NotFound, Message: fmt.Sprintf("there is no recipe %q", name),
		Hint: "linkspan image recipe ls shows those that there are; a folder is written ./" + path.Base(name),
	}
}

// Folder returns the recipe in a folder.
func Folder(dir string) (Source, error) {
	whole, err := filepath.Abs(strings.TrimSuffix(dir, "/"+FileName))
	if err != nil {
		return Source{}, err
	}
	root, err := os.OpenRoot(whole) // no link leads out of it
	if err != nil {
		return Source{}, &linkspan.Error{Code: linkspan.NotFound, Message: "there is no folder " + dir, Err: err}
	}
	return Source{Name: dir, Dir: whole, FS: root.FS()}, nil
}

// Beside returns a file of the recipe's folder of at most so many bytes.
func (s Source) Beside(name string, most int64) ([]byte, error) {
	f, err := s.FS.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%s is longer than %d bytes", path.Join(s.Name, name), most)}
	}
	return text, err
}

// OwnProgram returns the source of a program that Linkspan brings, by file name.
func OwnProgram(name string) (map[string][]byte, error) {
	dir, ok := own[name]
	if !ok {
		return nil, &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("there is no program %q", name)}
	}
	files, err := fs.ReadDir(programs, dir)
	if err != nil {
		return nil, err
	}
	all := make(map[string][]byte)
	for _, f := range files {
		if strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		if all[f.Name()], err = fs.ReadFile(programs, path.Join(dir, f.Name())); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Copy writes a recipe into a new folder, to be changed there.
func Copy(s Source, dir string) error {
	if err := os.CopyFS(dir, s.FS); err != nil {
		return fmt.Errorf("copy %s: %w", s.Name, err)
	}
	return nil
}
