// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Field is one field of a paragraph. Further lines of its value keep their leading blank.
type Field struct{ Name, Value string }

// Paragraph is what is said of one package, in the form of control files (deb-control(5)).
type Paragraph []Field

// maxField is the greatest length of a line.
const maxField = 1 << 20

// Get returns the value of a field, whose name may be in small letters or not; "" if there is none.
func (p Paragraph) Get(name string) string {
	for _, f := range p {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Without returns the paragraph without some fields.
func (p Paragraph) Without(names ...string) Paragraph {
	var rest Paragraph
	for _, f := range p {
		keep := true
		for _, name := range names {
			keep = keep && !strings.EqualFold(f.Name, name)
		}
		if keep {
			rest = append(rest, f)
		}
	}
	return rest
}

// String returns the form that ReadParagraphs reads, with a line break at its end.
func (p Paragraph) String() string {
	var text strings.Builder
	for _, f := range p {
		fmt.Fprintf(&text, "%s: %s\n", f.Name, f.Value)
	}
	return text.String()
}

// ReadParagraphs reads all paragraphs, which empty lines divide.
func ReadParagraphs(r io.Reader) ([]Paragraph, error) {
	var all []Paragraph
	var now Paragraph
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxField)
	for lines.Scan() {
		line := strings.TrimRight(lines.Text(), "\r")
		name, value, isField := strings.Cut(line, ":")
		switch {
		case strings.TrimSpace(line) == "":
			if now != nil {
				all, now = append(all, now), nil
			}
		case line[0] == '#':
		case line[0] == ' ' || line[0] == '\t':
			if now == nil {
				return nil, errors.New("a line that goes on has nothing before it")
			}
			now[len(now)-1].Value += "\n" + line
		case !isField || name == "":
			return nil, fmt.Errorf("%.40q is no field", line)
		default:
			now = append(now, Field{name, strings.TrimSpace(value)})
		}
	}
	if now != nil {
		all = append(all, now)
	}
	return all, lines.Err()
}
