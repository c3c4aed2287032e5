// SPDX-License-Identifier: Apache-2.0

package recipe

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/yamlfile"
	"github.com/linkspan/linkspan/registry/recipe/debian"
)

// Lock says which packages exactly an image has beside those of its base, by architecture, so
// that the same recipe gives the same image.
type Lock struct {
	APIVersion    string                  `json:"apiVersion"`
	Kind          string                  `json:"kind"`
	Architectures map[string][]debian.Pin `json:"architectures"`
}

const lockHead = "# Written by linkspan image build --update: which packages the image has.\n"

// maxLock is the greatest size of a lock file, in bytes.
const maxLock = 4 << 20

var digits = regexp.MustCompile(`^[0-9a-f]{64}$`)

// ReadLock returns the lock of a recipe: the one in the folder of locks, if that has one, or the
// one beside the recipe. Without any it is empty.
func ReadLock(s Source, dir, name string) (Lock, error) {
	file := LockFile(s, dir, name)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && s.Dir == "" {
		file = filepath.Join(s.Name, LockName)
		text, err = s.Beside(LockName, maxLock)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return Lock{}, nil
	}
	if err != nil {
		return Lock{}, err
	}
	return ParseLock(file, text)
}

// LockFile returns where the lock of a recipe is written: beside it, or in the folder of locks
// if it is embedded.
func LockFile(s Source, dir, name string) string {
	if s.Dir != "" {
		return filepath.Join(s.Dir, LockName)
	}
	return filepath.Join(dir, strings.ReplaceAll(name, "/", "-")+".lock")
}

// ParseLock reads a lock file. The error is [yamlfile.Problems].
func ParseLock(file string, text []byte) (Lock, error) {
	var l Lock
	err := yamlfile.Read(file, text, maxLock, func(r *yamlfile.Reader) {
		head := r.Head("Lock", "architectures")
		if head == nil || !r.Right() {
			return
		}
		r.Decode(head["architectures"], "architectures", &l.Architectures)
		for architecture, pins := range l.Architectures {
			for i, p := range pins {
				if !packageName.MatchString(p.Name) || !digits.MatchString(p.SHA256) || p.Version == "" || strings.ContainsAny(p.Version, " \n/") {
					r.Add(linkspan.Problem{Path: fmt.Sprintf("architectures.%s[%d]", architecture, i), Message: "it is not a package with version and hash"})
				}
			}
		}
	})
	return l, err
}

// Write writes the lock to a file, whole or not at all.
func (l Lock) Write(file string) error {
	l.APIVersion, l.Kind = yamlfile.APIVersion, "Lock"
	text, err := l.text()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", text, 0o644); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// text writes a package a line, so that what changed is easy to see.
func (l Lock) text() ([]byte, error) {
	root := &yaml.Node{Kind: yaml.MappingNode}
	if err := root.Encode(map[string]any{"apiVersion": l.APIVersion, "kind": l.Kind, "architectures": pinned(l.Architectures)}); err != nil {
		return nil, err
	}
	flow(root)
	text, err := yaml.Marshal(root)
	return append([]byte(lockHead), text...), err
}

// pinned are packages with their fields as they are written.
func pinned(all map[string][]debian.Pin) map[string][]map[string]string {
	out := make(map[string][]map[string]string, len(all))
	for architecture, pins := range all {
		list := make([]map[string]string, len(pins))
		for i, p := range pins {
			list[i] = map[string]string{"name": p.Name, "version": p.Version, "architecture": p.Architecture, "sha256": p.SHA256}
		}
		out[architecture] = list
	}
	return out
}

// flow has items of lists written on one line, and texts in quotes.
func flow(n *yaml.Node) {
	if n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			item.Style = yaml.FlowStyle
			for i := 1; i < len(item.Content); i += 2 {
				item.Content[i].Style = yaml.DoubleQuotedStyle
			}
		}
		return
	}
	for _, c := range n.Content {
		flow(c)
	}
}
