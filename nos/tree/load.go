// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/linkspan/linkspan/nos/schema"
)

// MaxText is the greatest size of a text, in bytes.
const MaxText = 10 << 20

// maxThings bounds the memory that a text of YAML or JSON can take: how many
// line breaks, commas and brackets it has.
const maxThings = 1 << 20

// Detect tells the form of a text by its beginning: JSON begins with a brace,
// commands with the word set or delete, and all else is YAML.
func Detect(text []byte) Form {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if line[0] == '{' {
			return JSON
		}
		if verb, _, _ := bytes.Cut(line, []byte(" ")); string(verb) == "set" || string(verb) == "delete" {
			return Commands
		}
		return YAML
	}
	return YAML
}

// Load returns the configuration that a text says, of t only the secrets that the text
// hides. The error is [Problems], each with its line and column.
func (t *Tree) Load(f Form, text []byte) (*Tree, error) {
	return read(New(t.schema), t, f, text, false)
}

// Merge returns t with what a text says set in it; commands may also delete. The
// error is [Problems], each with its line and column.
func (t *Tree) Merge(f Form, text []byte) (*Tree, error) { return read(t, t, f, text, true) }

// loader sets what a text says, one path after the other.
type loader struct {
	tree, secrets *Tree
	deletes       bool
	problems      Problems
}

func read(onto, secrets *Tree, f Form, text []byte, deletes bool) (*Tree, error) {
	if len(text) > MaxText {
		return nil, Problems{{Message: fmt.Sprintf("the text is %d bytes long", len(text)), Expected: fmt.Sprintf("at most %d", MaxText)}}
	}
	if at := invalid(text); at >= 0 {
		return nil, Problems{{Position: newIndex(text).position(at), Message: "the text is not UTF-8"}}
	}
	l := &loader{tree: onto, secrets: secrets, deletes: deletes}
	switch f {
	case Commands:
		l.commands(string(text))
	case YAML:
		l.yaml(text)
	case JSON:
		l.json(text)
	}
	if err := l.problems.Err(); err != nil {
		return nil, err
	}
	return l.tree, nil
}

// invalid returns the offset of the first byte that is not of UTF-8, or -1.
func invalid(text []byte) int {
	if utf8.Valid(text) {
		return -1
	}
	for i := 0; ; {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n < 2 {
			return i
		}
		i += n
	}
}

// full says that there are as many problems as are told.
func (l *loader) full() bool { return len(l.problems) >= MaxProblems }

func (l *loader) fail(at Position, format string, values ...any) {
	l.problems = append(l.problems, &Problem{Position: at, Message: fmt.Sprintf(format, values...)})
}

// set sets a path whose words are at these places.
func (l *loader) set(words []string, at []Position) {
	next, err := l.tree.set(l.secrets, words)
	l.done(next, err, at)
}

func (l *loader) done(next *Tree, err error, at []Position) {
	if err == nil {
		l.tree = next
		return
	}
	var p *Problem
	if !errors.As(err, &p) {
		p = &Problem{Message: err.Error()}
	}
	if len(at) > 0 {
		p.Position = at[max(0, min(p.Word, len(at)-1))]
	}
	l.problems = append(l.problems, p)
}

// commands reads lines of set and delete.
func (l *loader) commands(text string) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		if l.full() {
			return
		}
		l.command(strings.TrimRight(line, "\r\n"), number)
	}
}

func (l *loader) command(line string, number int) {
	split, err := Split(line)
	if err != nil {
		var p *Problem
		errors.As(err, &p)
		p.Line = number
		l.problems = append(l.problems, p)
		return
	}
	words, at := make([]string, len(split)), make([]Position, len(split))
	for i, w := range split {
		words[i], at[i] = w.Text, Position{number, w.Start + 1}
	}
	switch {
	case len(words) == 0:
	case words[0] == "set":
		l.set(words[1:], at[min(1, len(at)-1):])
	case words[0] == "delete" && l.deletes:
		next, err := l.tree.Delete(words[1:]...)
		l.done(next, err, at[min(1, len(at)-1):])
	case words[0] == "delete":
		l.fail(at[0], "a configuration that is loaded has nothing to delete: merge it")
	default:
		l.problems = append(l.problems, &Problem{Position: at[0], Message: fmt.Sprintf("there is no command %s", schema.Shorten(words[0])), Expected: "set or delete"})
	}
}

// index finds lines and columns of offsets.
type index struct{ starts []int }

func newIndex(text []byte) index {
	starts := []int{0}
	for i, c := range text {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return index{starts}
}

func (x index) position(offset int) Position {
	low, high := 0, len(x.starts)
	for high-low > 1 {
		if mid := (low + high) / 2; x.starts[mid] <= offset {
			low = mid
		} else {
			high = mid
		}
	}
	return Position{low + 1, offset - x.starts[low] + 1}
}
