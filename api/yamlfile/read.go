// SPDX-License-Identifier: Apache-2.0

package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// APIVersion is the version of all documents of this project.
const APIVersion = "linkspan/v1"

// Read calls visit for each document of a file that says something. The file's name is for
// the problems only; it may have most bytes. The error is [Problems]: all of them, but
// that after a mistake of YAML itself nothing more is read.
func Read(file string, text []byte, most int, visit func(*Reader)) error {
	if wrong := TooLong(file, text, most); wrong != nil {
		return wrong
	}
	var wrong Problems
	documents := 0
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return append(wrong, syntax(file, text, err)).Err()
		}
		if empty(&node) {
			continue
		}
		r := &Reader{Root: node.Content[0], file: file, at: make(map[string]Position)}
		visit(r)
		wrong = append(wrong, r.problems...)
		documents++
	}
	if documents == 0 {
		wrong = append(wrong, Problem{file, Position{1, 1}, "there is nothing in the file", "apiVersion: " + APIVersion})
	}
	return wrong.Err()
}

// TooLong returns what is wrong with a file of more than most bytes, and nil for another.
func TooLong(file string, text []byte, most int) error {
	if len(text) <= most {
		return nil
	}
	return Problems{{file, Position{1, 1}, fmt.Sprintf("the file is %d bytes long", len(text)), fmt.Sprintf("at most %d", most)}}
}

// empty says that a document has nothing but comments.
func empty(n *yaml.Node) bool {
	return len(n.Content) == 0 || n.Content[0].Kind == yaml.ScalarNode && n.Content[0].Tag == "!!null" && n.Content[0].Value == ""
}

// Head reads the top of a document: apiVersion, kind and fields beside them, of which nil is
// returned where the document is none.
func (r *Reader) Head(kind string, fields ...string) map[string]*yaml.Node {
	r.Mark("", r.Root)
	all, ok := r.Mapping(r.Root, "", append([]string{"apiVersion", "kind"}, fields...)...)
	if !ok {
		return nil
	}
	r.Constant(r.Need(r.Root, all, "apiVersion", APIVersion), APIVersion)
	r.Constant(r.Need(r.Root, all, "kind", kind), kind)
	return all
}
