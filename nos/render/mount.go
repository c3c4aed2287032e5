// SPDX-License-Identifier: Apache-2.0

package render

import (
	"encoding/json"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/schema"
)

// Source returns the schema of a part, to be mounted with [schema.Schema.Mount]. Its name, that
// of the image, is told in problems.
func Source(image string, c linkspan.Configured) (schema.Source, error) {
	text, err := json.Marshal(c.Schema) // JSON is YAML
	return schema.Source{Name: image, Place: "/" + strings.Join(c.Path, "/"), Text: text}, err
}
