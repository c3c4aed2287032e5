// SPDX-License-Identifier: Apache-2.0

package yamlfile

import (
	"fmt"
	"slices"
	"strings"
)

// Position is a place in a file; lines and columns (in characters) begin at 1.
type Position struct{ Line, Column int }

// Problem is one thing that is wrong with a file.
type Problem struct {
	File string
	Position
	Message string // what is wrong
	Want    string // what was expected; may be empty
}

// String returns the form that compilers have: FILE:LINE:COLUMN: what.
func (p Problem) String() string {
	text := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
	if p.Want != "" {
		text += "; expected " + p.Want
	}
	return text
}

// Problems is all that is wrong, in the order of the files.
type Problems []Problem

var _ error = Problems(nil)

// Error returns a line for each.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].String()
	}
	return strings.Join(lines, "\n")
}

// Err returns p in order, nil when there are none.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	slices.SortStableFunc(p, func(a, b Problem) int {
		if a.File != b.File {
			return 0 // files stay in the order that they were given in
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return p
}
