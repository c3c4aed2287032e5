// SPDX-License-Identifier: Apache-2.0

package recipe

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"go.yaml.in/yaml/v3"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/yamlfile"
)

// Names of files in a recipe's folder.
const (
	FileName = "recipe.yaml"
	LockName = "recipe.lock"
)

// Source is the folder of a recipe.
type Source struct {
	Name string // for people: base/routing, ./dns
	Dir  string // on disk; empty: it is embedded
	FS   fs.FS
}

// Read reads and checks a recipe. The error is [yamlfile.Problems], with file, line and column,
// where the file is wrong.
func Read(s Source) (*Recipe, error) {
	text, err := s.Beside(FileName, MaxRecipe)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &linkspan.Error{Code: linkspan.NotFound, Message: "there is no " + path.Join(s.Name, FileName), Hint: "linkspan image recipe ls shows those that linkspan brings"}
	}
	if err != nil {
		return nil, err
	}
	var r *Recipe
	err = yamlfile.Read(path.Join(s.Name, FileName), text, MaxRecipe, func(reader *yamlfile.Reader) {
		if r != nil {
			reader.Fail(reader.Root, "there is more than one recipe in the file", "one")
			return
		}
		r = decode(reader)
		if reader.Right() {
			reader.Add(r.Problems()...)
		}
		if reader.Right() && r.Manifest != nil {
			r.manifestProblems(reader, s)
		}
	})
	return r, err
}

// top are the fields of a recipe.
var top = []string{
	"name", "version", "summary", "date", "base", "packages", "leaveOut", "groups", "users", "directories", "files", "links", "programs", "init",
	"entrypoint", "command", "environment", "workingDirectory", "user", "stopSignal", "changelog", "manifest",
}

// decode reads what follows the head of the document.
func decode(reader *yamlfile.Reader) *Recipe {
	r := &Recipe{}
	if reader.Head("Recipe", top...) == nil {
		return r
	}
	rest := *reader.Root
	rest.Content = nil
	for i := 0; i+1 < len(reader.Root.Content); i += 2 {
		if name := reader.Root.Content[i].Value; name != "apiVersion" && name != "kind" {
			rest.Content = append(rest.Content, reader.Root.Content[i], reader.Root.Content[i+1])
		}
	}
	if reader.Right() { // else it would be said twice
		reader.Decode(&rest, "", r)
	}
	return r
}

// manifestProblems adds what is wrong with the manifest, where it stands in the recipe.
func (r *Recipe) manifestProblems(reader *yamlfile.Reader, s Source) {
	m, err := r.ImageManifest(s)
	if err != nil {
		reader.Add(linkspan.Problem{Path: "manifest", Message: err.Error()})
		return
	}
	for _, p := range m.Problems() {
		p.Path = "manifest." + p.Path
		reader.Add(p)
	}
}

// ImageManifest returns the manifest of the image, nil if it has none.
func (r *Recipe) ImageManifest(s Source) (*linkspan.ImageManifest, error) {
	if r.Manifest == nil {
		return nil, nil
	}
	m := r.Manifest
	all := &linkspan.ImageManifest{
		Name: r.Name, Version: r.Version, Summary: r.Summary, Services: m.Services, Dependencies: m.Dependencies, Conflicts: m.Conflicts,
		Capabilities: m.Capabilities, Volumes: m.Volumes, Health: m.Health, Shell: m.Shell,
	}
	for _, c := range m.Configured {
		one := linkspan.Configured{Path: c.Path, Apply: c.Apply, Check: c.Check, Shows: c.Shows}
		text, err := s.Beside(c.SchemaFrom, linkspan.MaxManifest)
		if err != nil {
			return nil, err
		}
		if err := yaml.Unmarshal(text, &one.Schema); err != nil {
			return nil, fmt.Errorf("%s: %w", c.SchemaFrom, err)
		}
		for _, render := range c.Render {
			text, err := s.Beside(render.From, linkspan.MaxTemplate)
			if err != nil {
				return nil, err
			}
			one.Render = append(one.Render, linkspan.Rendering{File: render.File, Template: string(text)})
		}
		all.Configured = append(all.Configured, one)
	}
	return all, nil
}
