// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"fmt"
	"strings"

	"github.com/linkspan/linkspan"
)

// MaxProblems is how many problems are told at once.
const MaxProblems = 20

// Position is a place in a text, both from 1; zero where there is no text.
// Columns count bytes.
type Position struct{ Line, Column int }

// Problem is one thing that is wrong with a path, a value or a text.
type Problem struct {
	Position
	Path     []string // of what is wrong; never with a secret
	Word     int      // which word of the path that was given, from 0; its number of words if one is missing
	Message  string
	Expected string        // what would be right; may be empty
	Code     linkspan.Code // Internal stands for Invalid
}

var _ error = (*Problem)(nil)

// Error returns "line 3 column 5: vlans 10: message: expected ...".
func (p *Problem) Error() string {
	var parts []string
	if p.Line > 0 {
		parts = append(parts, fmt.Sprintf("line %d column %d", p.Line, p.Column))
	}
	if len(p.Path) > 0 {
		parts = append(parts, Join(p.Path))
	}
	parts = append(parts, p.Message)
	if p.Expected != "" {
		parts = append(parts, "expected "+p.Expected)
	}
	return strings.Join(parts, ": ")
}

// As makes a problem an *linkspan.Error for those who act on its code.
func (p *Problem) As(target any) bool {
	e, ok := target.(**linkspan.Error)
	if ok {
		*e = &linkspan.Error{Code: p.code(), Message: p.Error()}
	}
	return ok
}

func (p *Problem) code() linkspan.Code {
	if p.Code == linkspan.Internal {
		return linkspan.Invalid
	}
	return p.Code
}

// Problems is several problems, at most [MaxProblems]; never empty as an error.
type Problems []*Problem

var _ error = Problems(nil)

// Error returns a line for each problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the problems one by one.
func (p Problems) Unwrap() []error {
	all := make([]error, len(p))
	for i := range p {
		all[i] = p[i]
	}
	return all
}

// Err returns the problems as an error, nil if there are none.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}
