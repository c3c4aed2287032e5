// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// semver is semantic versioning 2.0.0, of which the first three numbers, and what is before a
// release, are kept apart.
var semver = regexp.MustCompile(`^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})` +
	`(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$`)

const wantVersion = "a version of semantic versioning, as in 1.4.0"

// ValidateVersion checks a version (semantic versioning 2.0.0, at most 63 bytes). The error
// has code Invalid.
func ValidateVersion(v string) error {
	if len(v) > MaxName || !semver.MatchString(v) {
		return invalid("version %q is not understood", shorten(v))
	}
	return nil
}

// CompareVersions returns -1, 0 or 1 by precedence (semantic versioning 2.0.0, section 11):
// what is behind a + counts for nothing. Both must be valid.
func CompareVersions(a, b string) int {
	x, y := semver.FindStringSubmatch(a), semver.FindStringSubmatch(b)
	if x == nil || y == nil {
		return strings.Compare(a, b)
	}
	for i := 1; i <= 3; i++ {
		if c := compareNumbers(x[i], y[i]); c != 0 {
			return c
		}
	}
	if x[4] == "" || y[4] == "" {
		return cmp.Compare(len(y[4]), len(x[4])) // the release is after what is before it
	}
	return slices.CompareFunc(strings.Split(x[4], "."), strings.Split(y[4], "."), compareIdentifiers)
}

// compareIdentifiers compares what is before a release: numbers by value, and before words.
func compareIdentifiers(a, b string) int {
	_, errA := strconv.Atoi(a)
	_, errB := strconv.Atoi(b)
	switch {
	case errA == nil && errB == nil:
		return compareNumbers(a, b)
	case errA == nil:
		return -1
	case errB == nil:
		return 1
	}
	return strings.Compare(a, b)
}

// compareNumbers compares decimal numbers without leading zeros.
func compareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

var repository = regexp.MustCompile(`^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$`)

const wantRepository = "a repository without registry and tag, as in base/routing"

// ValidateRepository checks the name of an image's repository (OCI distribution-spec 1.1,
// pulling manifests; at most 255 bytes). The error has code Invalid.
func ValidateRepository(name string) error {
	if len(name) > MaxText || !repository.MatchString(name) {
		return invalid("image name %q is not the name of a repository", shorten(name))
	}
	return nil
}
