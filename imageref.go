// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"regexp"
	"strings"
)

// ImageReference names an image of the registry that a switch belongs to: it has no host.
type ImageReference struct {
	Repository string // base/routing
	Tag        string // may be empty
	Digest     string // sha256:..., or empty: whatever the tag means
}

// WantImage says how one is written.
const WantImage = "REPOSITORY[:TAG][@sha256:DIGEST], as in base/routing:1.0"

// MaxRepository is the longest name of a repository, in bytes.
const MaxRepository = 255

// The grammar of names and tags (OCI Distribution Specification 1.1, Pulling manifests).
const (
	repositoryGrammar = `^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`
	tagGrammar        = `^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`
)

// ParseImageReference reads the form of [WantImage]. Without tag and digest the tag is latest.
// Errors have code Invalid.
func ParseImageReference(s string) (r ImageReference, err error) {
	name, digest, pinned := strings.Cut(s, "@")
	r.Digest = digest
	r.Repository, r.Tag, _ = strings.Cut(name, ":")
	tagged := strings.Contains(name, ":")
	switch {
	case len(r.Repository) > MaxRepository || !regexp.MustCompile(repositoryGrammar).MatchString(r.Repository):
		err = badImage(s, "its repository is not in small letters and digits, with / . _ - between them")
	case tagged && !regexp.MustCompile(tagGrammar).MatchString(r.Tag):
		err = badImage(s, "its tag is none; a reference has no host and no port: images come from the switch's registry")
	case pinned && !IsDigest(digest):
		err = badImage(s, "its digest is not sha256: and 64 hexadecimal digits")
	}
	if !tagged && !pinned {
		r.Tag = "latest"
	}
	return r, err
}

func badImage(s, why string) error {
	return &Error{Code: Invalid, Message: "image " + quote(s) + " is not understood: " + why, Hint: "write " + WantImage}
}

// IsDigest says whether s is a digest of SHA-256 (OCI Image Specification, Digests): sha256: and
// 64 hexadecimal digits in small letters.
func IsDigest(s string) bool {
	hex, ok := strings.CutPrefix(s, "sha256:")
	return ok && len(hex) == 64 && strings.Trim(hex, "0123456789abcdef") == ""
}

// Pinned returns the reference by digest alone: REPOSITORY@DIGEST.
func (r ImageReference) Pinned() string { return r.Repository + "@" + r.Digest }
