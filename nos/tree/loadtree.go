// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/linkspan/linkspan/nos/schema"
)

// maxDepth is how deep a text may be nested: deeper than any schema.
const maxDepth = 64

// tooMany says whether a text has more parts than are read.
func (l *loader) tooMany(text []byte) bool {
	n := 0
	for _, c := range text {
		if c == '\n' || c == ',' || c == '[' || c == '{' {
			n++
		}
	}
	if n > maxThings {
		l.fail(Position{}, "the text has %d lines and parts, of at most %d; commands can be longer", n, maxThings)
	}
	return n > maxThings
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

// yaml reads one YAML document without anchors and tags.
func (l *loader) yaml(text []byte) {
	if l.tooMany(text) {
		return
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, more yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return // nothing but comments
	}
	if err == nil {
		if err = decoder.Decode(&more); errors.Is(err, io.EOF) {
			l.walk(document.Content[0], l.tree.schema.Start(), nil, nil)
			return
		}
		if err == nil {
			l.fail(Position{more.Line, 1}, "there is more than one document")
			return
		}
	}
	message, at := strings.TrimPrefix(err.Error(), "yaml: "), Position{1, 1}
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		at.Line, _ = strconv.Atoi(m[1])
		message = strings.Replace(message, m[0], "", 1)
	}
	l.fail(at, "the text is not YAML: %s", message)
}

// walk reads what is at a place of the schema.
func (l *loader) walk(n *yaml.Node, place schema.Place, words []string, at []Position) {
	here := Position{n.Line, n.Column}
	switch {
	case l.full():
	case n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0:
		l.fail(here, "aliases, anchors and tags are not read")
	case n.Kind == yaml.MappingNode && len(n.Content) > 0:
		l.mapping(n, place, words, at)
	case n.Kind == yaml.SequenceNode && place.Node.Kind == schema.LeafList:
		for _, v := range n.Content {
			l.walk(v, schema.Place{Node: place.Node}, words, at)
		}
	case n.Kind == yaml.SequenceNode:
		l.problems = append(l.problems, &Problem{Position: here, Path: words, Message: "a list is not valid", Expected: place.Expected()})
	case n.Kind == yaml.MappingNode || n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		l.empty(place, words, at, here)
	default:
		l.set(append(words[:len(words):len(words)], n.Value), append(at[:len(at):len(at)], here))
	}
}

// empty reads nothing where something is expected: it makes an entry, and of a
// container or list says nothing.
func (l *loader) empty(place schema.Place, words []string, at []Position, here Position) {
	switch {
	case place.Entry():
		l.set(words, at)
	case place.Node.Type != nil || place.Keys > 0:
		p := missing(words, place)
		p.Position = here
		l.problems = append(l.problems, p)
	}
}

// mapping reads names or keys and what they have.
func (l *loader) mapping(n *yaml.Node, place schema.Place, words []string, at []Position) {
	if len(words) >= maxDepth || place.Node.Type != nil {
		l.problems = append(l.problems, &Problem{Position: Position{n.Line, n.Column}, Path: words, Message: "a mapping is not valid", Expected: place.Expected()})
		return
	}
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i < len(n.Content) && !l.full(); i += 2 {
		name := n.Content[i]
		here := Position{name.Line, name.Column}
		if name.Kind != yaml.ScalarNode || name.Anchor != "" {
			l.fail(here, "a name is a single word")
			continue
		}
		next, canonical, err := place.Step(name.Value)
		if err != nil {
			p := wrong(words, place, name.Value, err)
			p.Position = here
			l.problems = append(l.problems, p)
			continue
		}
		if seen[canonical] {
			l.problems = append(l.problems, &Problem{Position: here, Path: words, Message: schema.Shorten(name.Value) + " is there twice"})
			continue
		}
		seen[canonical] = true
		l.walk(n.Content[i+1], next, append(words[:len(words):len(words)], canonical), append(at[:len(at):len(at)], here))
	}
}

// json reads JSON as YAML's nodes.
func (l *loader) json(text []byte) {
	if l.tooMany(text) {
		return
	}
	r := &jsonReader{decoder: json.NewDecoder(bytes.NewReader(text)), text: text, index: newIndex(text)}
	r.decoder.UseNumber()
	n, err := r.value(0)
	if err == nil {
		if _, more := r.decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is something after its end")
		}
	}
	if err != nil {
		l.fail(r.here(), "the text is not JSON: %v", err)
		return
	}
	l.walk(n, l.tree.schema.Start(), nil, nil)
}

// jsonReader makes nodes of the tokens of a text.
type jsonReader struct {
	decoder *json.Decoder
	text    []byte
	index   index
}

// here returns where the next token begins.
func (r *jsonReader) here() Position {
	at := int(r.decoder.InputOffset())
	for at < len(r.text) && strings.IndexByte(" \t\r\n,:", r.text[at]) >= 0 {
		at++
	}
	return r.index.position(min(at, max(len(r.text)-1, 0)))
}

func (r *jsonReader) value(depth int) (*yaml.Node, error) {
	at := r.here()
	n := &yaml.Node{Kind: yaml.ScalarNode, Line: at.Line, Column: at.Column}
	token, err := r.decoder.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	switch v := token.(type) {
	case json.Delim:
		n.Kind = yaml.MappingNode
		if v == '[' {
			n.Kind = yaml.SequenceNode
		}
		return n, r.content(n, depth+1)
	case nil:
		n.Tag = "!!null"
	case string:
		n.Value = v
	default: // numbers as they are written, booleans
		n.Value = fmt.Sprint(v)
	}
	return n, nil
}

// content reads the members of an object or array and its end.
func (r *jsonReader) content(n *yaml.Node, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("it is nested deeper than %d", maxDepth)
	}
	for r.decoder.More() {
		c, err := r.value(depth)
		if err != nil {
			return err
		}
		n.Content = append(n.Content, c)
	}
	_, err := r.decoder.Token()
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
