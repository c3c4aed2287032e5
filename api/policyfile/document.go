// SPDX-License-Identifier: Apache-2.0

package policyfile

import (
	"strings"

	"github.com/linkspan/linkspan"
)

// Document is a policy as it was written, and where.
type Document struct {
	Policy linkspan.Policy
	File   string

	at map[string]Position // of each field that was read, by its path
}

// At returns where a field stands, named as in [linkspan.PolicyProblem]; of one
// that was left out, where that stands which it would be in.
func (d *Document) At(path string) Position {
	for path != "" {
		if p, ok := d.at[path]; ok {
			return p
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return d.at[""]
}

// Problem places a problem in the file.
func (d *Document) Problem(p linkspan.PolicyProblem) Problem {
	return Problem{File: d.File, Position: d.At(p.Path), Message: p.Message, Want: p.Want}
}
