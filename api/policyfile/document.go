// SPDX-License-Identifier: Apache-2.0

package policyfile

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/yamlfile"
)

// Document is a policy as it was written, and where.
type Document struct {
	Policy linkspan.Policy
	File   string

	reader *yamlfile.Reader
}

// At returns where a field stands, named as in [linkspan.Problem]; of one that
// was left out, where that stands which it would be in.
func (d *Document) At(path string) yamlfile.Position { return d.reader.At(path) }

// Problem places a problem in the file.
func (d *Document) Problem(p linkspan.Problem) yamlfile.Problem { return d.reader.Place(p) }
