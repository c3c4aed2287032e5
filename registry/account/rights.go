// SPDX-License-Identifier: Apache-2.0

package account

import (
	"slices"

	"github.com/linkspan/linkspan/trust"
)

// Rights are what one party may do in a registry. The zero value may do nothing.
type Rights struct {
	Everything bool
	Grants     []Grant
}

// RightsOf returns the rights of somebody known by a certificate: a switch pulls, a user
// does what the role may, and nobody does nothing.
func RightsOf(id trust.Identity) Rights {
	switch id.Kind {
	case trust.KindController:
		return Rights{Everything: true}
	case trust.KindChassis:
		return Rights{Grants: []Grant{Everything(Pull)}}
	case trust.KindUser:
		return rightsOf(id.Role, nil)
	}
	return Rights{}
}

// rightsOf returns what a role makes of grants; of none, what the role may everywhere.
func rightsOf(role trust.Role, grants []Grant) Rights {
	may := actionsOf(role)
	if role == trust.RoleAdmin {
		return Rights{Everything: true}
	}
	if len(grants) == 0 {
		return Rights{Grants: []Grant{Everything(may...)}}
	}
	var r Rights
	for _, g := range grants {
		if actions := both(g.Actions, may); len(actions) > 0 {
			r.Grants = append(r.Grants, Grant{g.Repository, actions})
		}
	}
	return r
}

// actionsOf returns what a role may do at most.
func actionsOf(role trust.Role) []string {
	switch role {
	case trust.RoleViewer:
		return []string{Pull}
	case trust.RoleOperator, trust.RoleAdmin:
		return []string{Pull, Push, Delete}
	}
	return nil
}

// Grant returns the part of what is asked for that the rights have. What nothing is left
// of is left out; it is no error.
func (r Rights) Grant(asked []Scope) []Scope {
	granted := make([]Scope, 0, len(asked))
	for _, s := range asked {
		if s.Actions = r.actions(s); len(s.Actions) > 0 {
			granted = append(granted, s)
		}
	}
	return granted
}

// May says whether the rights have an action on a repository.
func (r Rights) May(action, repository string) bool {
	return len(r.actions(Scope{Repository, repository, []string{action}})) > 0
}

// Lists says whether the rights have the names of all repositories.
func (r Rights) Lists() bool {
	return r.Everything || slices.ContainsFunc(r.Grants, func(g Grant) bool {
		return g.Repository == "**" && slices.Contains(g.Actions, Pull)
	})
}

func (r Rights) actions(s Scope) []string {
	switch {
	case s.Type == Registry && s.Name == "catalog" && r.Lists():
		return both(s.Actions, []string{All})
	case s.Type != Repository:
		return nil
	case r.Everything:
		return both(s.Actions, []string{Pull, Push, Delete, All})
	}
	var may []string
	for _, g := range r.Grants {
		if g.Covers(s.Name) {
			may = append(may, g.Actions...)
		}
	}
	return both(s.Actions, may)
}

// both returns those of asked that are in may. Asked for all (*), it is all of them.
func both(asked, may []string) []string {
	var out []string
	for _, a := range asked {
		if slices.Contains(may, a) && !slices.Contains(out, a) {
			out = append(out, a)
		}
		if a == All && !slices.Contains(may, All) {
			out = append(out, may...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
