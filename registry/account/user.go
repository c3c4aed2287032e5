// SPDX-License-Identifier: Apache-2.0

package account

import (
	"fmt"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust"
)

// MaxGrants is how many grants a user may have.
const MaxGrants = 64

// User is somebody who has a password for the registry.
type User struct {
	Name    string     `json:"name"`
	Role    trust.Role `json:"role"`
	Grants  []Grant    `json:"grants,omitempty"` // none: what the role may, on all repositories
	Hash    string     `json:"hash"`             // of the password
	Created time.Time  `json:"created"`
	Changed time.Time  `json:"changed"` // role, grants or password
}

// Validate checks the name, role and grants. The error is Invalid.
func (u User) Validate() error {
	if err := linkspan.ValidateName("user", u.Name); err != nil {
		return err
	}
	if !slices.Contains(trust.Roles(), u.Role) {
		return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("there is no role %.60q", u.Role), Hint: fmt.Sprintf("roles are %v", trust.Roles())}
	}
	if len(u.Grants) > MaxGrants {
		return invalid(fmt.Sprintf("a user has at most %d grants", MaxGrants))
	}
	for _, g := range u.Grants {
		if err := g.Validate(); err != nil {
			return err
		}
	}
	return nil
}

// Rights returns what the user may do with repositories.
func (u User) Rights() Rights { return rightsOf(u.Role, u.Grants) }

// Identity returns who the user is to the API.
func (u User) Identity() trust.Identity {
	return trust.Identity{Kind: trust.KindUser, Name: u.Name, Role: u.Role}
}

// granted returns the grants with one more; the actions of one on the same pattern are added.
func granted(grants []Grant, g Grant) []Grant {
	grants = slices.Clone(grants)
	for i := range grants {
		if grants[i].Repository == g.Repository {
			actions := slices.Concat(grants[i].Actions, g.Actions)
			slices.Sort(actions)
			grants[i].Actions = slices.Compact(actions)
			return grants
		}
	}
	return append(grants, g)
}

// revoked returns the grants without the actions of one on the same pattern, and whether there were any.
func revoked(grants []Grant, g Grant) (left []Grant, found bool) {
	for _, has := range grants {
		if has.Repository != g.Repository {
			left = append(left, has)
			continue
		}
		actions := slices.DeleteFunc(slices.Clone(has.Actions), func(a string) bool { return slices.Contains(g.Actions, a) })
		found = found || len(actions) < len(has.Actions)
		if len(actions) > 0 {
			left = append(left, Grant{has.Repository, actions})
		}
	}
	return left, found
}
