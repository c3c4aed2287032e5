// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"strings"

	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"

	"github.com/linkspan/linkspan"
)

// Reference names an image of this registry: by tag, or by digest.
type Reference struct {
	Repository string
	Tag        string        // empty if it is named by digest
	Digest     digest.Digest // empty if it is named by tag
}

// ParseReference reads "base/routing:1.2", "base/routing@sha256:..." and "base/routing", which
// is the tag latest. The error is Invalid.
func ParseReference(text string) (Reference, error) {
	var r Reference
	name, sum, hasDigest := strings.Cut(text, "@")
	if hasDigest {
		d, err := digest.Parse(sum)
		if err != nil {
			return r, bad(text)
		}
		r.Digest = d
	}
	if i := strings.LastIndex(name, ":"); i > strings.LastIndex(name, "/") && !hasDigest {
		name, r.Tag = name[:i], name[i+1:]
	} else if !hasDigest {
		r.Tag = "latest"
	}
	r.Repository = name
	named, err := reference.WithName(name)
	if err != nil || len(name) > reference.RepositoryNameTotalLengthMax {
		return r, bad(text)
	}
	if _, err := reference.WithTag(named, r.Tag); r.Tag != "" && err != nil {
		return r, bad(text)
	}
	if r.Tag == "" && r.Digest == "" {
		return r, bad(text)
	}
	return r, nil
}

// String returns what ParseReference reads.
func (r Reference) String() string {
	if r.Digest != "" {
		return r.Repository + "@" + r.Digest.String()
	}
	return r.Repository + ":" + r.Tag
}

func bad(text string) error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%.100q names no image", text), Hint: "write it like base/routing:1.2 or base/routing@sha256:..., without the registry's address"}
}
