// SPDX-License-Identifier: Apache-2.0

package account

import (
	"fmt"
	"slices"
	"strings"

	"github.com/linkspan/linkspan"
)

// maxPattern is the greatest length of a pattern, in bytes, and of the names compared with it.
const maxPattern = 255

// Grant is what somebody may do with repositories: actions, and a pattern of names.
type Grant struct {
	Repository string   `json:"repository"` // * stands for any text without a slash, ** for any text
	Actions    []string `json:"actions"`    // pull, push, delete
}

// Everything is the grant of actions on all repositories.
func Everything(actions ...string) Grant { return Grant{Repository: "**", Actions: actions} }

// ParseGrant reads "team/*:pull,push". The error is Invalid.
func ParseGrant(text string) (Grant, error) {
	pattern, actions, ok := strings.Cut(text, ":")
	g := Grant{Repository: pattern}
	if ok {
		g.Actions = strings.Split(actions, ",")
	}
	return g, g.Validate()
}

// String returns what ParseGrant reads.
func (g Grant) String() string { return g.Repository + ":" + strings.Join(g.Actions, ",") }

// Validate says whether the pattern and the actions are known. The error is Invalid.
func (g Grant) Validate() error {
	hint := `write it like 'team/*:pull,push': a pattern of repositories, and some of pull, push and delete`
	if g.Repository == "" || len(g.Repository) > maxPattern || strings.Trim(g.Repository, patternLetters) != "" {
		return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%.60q is no pattern of repositories", g.Repository), Hint: hint}
	}
	if len(g.Actions) == 0 {
		return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("the grant on %s has no actions", g.Repository), Hint: hint}
	}
	for _, a := range g.Actions {
		if a != Pull && a != Push && a != Delete {
			return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("there is no action %.60q", a), Hint: hint}
		}
	}
	return nil
}

// patternLetters are those of repositories' names (OCI distribution-spec 1.1, pulling manifests), and the star.
const patternLetters = "abcdefghijklmnopqrstuvwxyz0123456789._-/*"

// Covers says whether the grant is about a repository.
func (g Grant) Covers(repository string) bool {
	return len(repository) <= maxPattern && match(g.Repository, repository)
}

// match compares a name with a pattern, in time of at most the product of their lengths.
func match(pattern, name string) bool {
	can := make([]bool, len(name)+1) // can[i]: what was read of the pattern can stand for name[:i]
	can[0] = true
	for len(pattern) > 0 {
		next := make([]bool, len(name)+1)
		switch {
		case strings.HasPrefix(pattern, "**"):
			pattern = strings.TrimLeft(pattern, "*")
			if i := slices.Index(can, true); i >= 0 {
				for ; i <= len(name); i++ {
					next[i] = true
				}
			}
		case pattern[0] == '*':
			pattern = pattern[1:]
			for i, on := 0, false; i <= len(name); i++ {
				on = can[i] || on && name[i-1] != '/'
				next[i] = on
			}
		default:
			for i := range name {
				next[i+1] = can[i] && name[i] == pattern[0]
			}
			pattern = pattern[1:]
		}
		can = next
	}
	return can[len(name)]
}
