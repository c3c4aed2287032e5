// SPDX-License-Identifier: Apache-2.0

package access

import (
	"fmt"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/trust"
)

// User is who is logged in. The zero value is nobody, who may do nothing.
type User struct {
	Name     string
	FullName string // may be empty
	Role     trust.Role
	Local    bool       // of the host itself, not of the configuration
	Fabric   bool       // by a certificate of the fabric's CA, not of the configuration
	Confined bool       // changes only what is below Parts
	Parts    [][]string // paths in canonical form
}

// Local returns the user of the host who has opened the local socket. Nobody but root
// can, and it may do everything: it could anyway.
func Local(name string) User { return User{Name: name, Role: trust.RoleAdmin, Local: true} }

// Certified returns the user of a certificate that the fabric's CA has issued. The name tells
// it from a user of the configuration who is called the same.
func Certified(id trust.Identity) (User, error) {
	if id.Kind != trust.KindUser {
		return User{}, &linkspan.Error{Code: linkspan.Permission, Message: id.Label() + " is no user", Hint: "show the certificate of a user, or log in with a password"}
	}
	return User{Name: id.Name + "@fabric", Role: id.Role, Fabric: true}, nil
}

// String returns "ann (operator)".
func (u User) String() string { return fmt.Sprintf("%s (%s)", u.Name, u.Role) }

// userIn returns a user of a configuration and what it says of his credentials.
func userIn(t *tree.Tree, name string) (User, tree.Node, error) {
	n, err := t.At("system", "users", name)
	if err != nil || !n.There() || len(n.Key()) == 0 {
		return User{}, tree.Node{}, &linkspan.Error{Code: linkspan.NotFound, Message: "there is no user of that name"}
	}
	u := User{Name: n.Key()[0], FullName: n.Get("full-name"), Role: trust.Role(n.Get("role"))}
	if c := n.Child("confined-to"); c.There() {
		u.Confined = true
		for _, text := range c.Values() {
			if part, err := tree.Part(t.Schema().Root, text); err == nil { // one that is gone allows nothing
				u.Parts = append(u.Parts, part)
			}
		}
	}
	return u, n, nil
}
