// SPDX-License-Identifier: Apache-2.0

package access

import (
	"fmt"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust"
)

// Act is a kind of thing that somebody does at a switch.
type Act string

// Every act there is.
const (
	Look    Act = "look"          // show, compare, monitor; without secrets
	Probe   Act = "probe"         // ping, traceroute
	Edit    Act = "edit"          // a candidate, commit, confirm, return; what of the tree: [User.MayChange]
	Lock    Act = "lock"          // have the configuration alone
	Capture Act = "capture"       // packets of others: tcpdump
	Attach  Act = "attach"        // a service's own shell
	Support Act = "support"       // tech-support
	Serve   Act = "run services"  // containers, which have power over the network of the switch
	Repair  Act = "repair"        // reapply what has drifted
	Secrets Act = "see secrets"   // of the configuration
	Audit   Act = "read audit"    // the audit log
	Preempt Act = "preempt"       // take the configuration's lock from another
	Shell   Act = "shell of host" // programs of the host itself
)

// grants is who may do what. It is never written to.
var grants = [...]struct {
	act  Act
	from trust.Role // this role and those above it
	part bool       // also users who are confined to a part of the configuration
}{
	{Look, trust.RoleViewer, true},
	{Probe, trust.RoleViewer, true},
	{Edit, trust.RoleOperator, true},
	{Lock, trust.RoleOperator, false},
	{Capture, trust.RoleOperator, false},
	{Attach, trust.RoleOperator, false},
	{Support, trust.RoleOperator, true},
	{Repair, trust.RoleOperator, false},
	{Serve, trust.RoleAdmin, false},
	{Secrets, trust.RoleAdmin, false},
	{Audit, trust.RoleAdmin, false},
	{Preempt, trust.RoleAdmin, false},
	{Shell, trust.RoleAdmin, false},
}

// Acts returns all acts in the order of the table.
func Acts() []Act {
	all := make([]Act, len(grants))
	for i, g := range grants {
		all[i] = g.act
	}
	return all
}

// May returns nil if the user may do it, else an error of code Permission, of code
// Unauthenticated for nobody.
func (u User) May(a Act) error {
	if u.Name == "" {
		return &linkspan.Error{Code: linkspan.Unauthenticated, Op: string(a), Message: "nobody is logged in"}
	}
	i := slices.Index(Acts(), a)
	if i < 0 {
		return &linkspan.Error{Code: linkspan.Internal, Op: string(a), Message: "no rule says who may do this"}
	}
	if u.Confined && !grants[i].part {
		return &linkspan.Error{
			Code: linkspan.Permission, Op: string(a), Message: u.Name + " is confined to a part of the configuration and may not do this",
			Hint: "ask who may change all of it",
		}
	}
	if from := grants[i].from; !reaches(u.Role, from) {
		return &linkspan.Error{
			Code: linkspan.Permission, Op: string(a), Message: fmt.Sprintf("%s is %s and may not do this", u.Name, named(u.Role)),
			Hint: "ask " + named(from),
		}
	}
	return nil
}

// reaches says that a role may do all that another may.
func reaches(role, other trust.Role) bool {
	all := trust.Roles()
	i := slices.Index(all, role)
	return i >= 0 && i >= slices.Index(all, other)
}

// named returns a role with its article.
func named(r trust.Role) string {
	switch r {
	case trust.RoleViewer:
		return "a viewer"
	case trust.RoleOperator, trust.RoleAdmin:
		return "an " + string(r)
	}
	return "a user of no role"
}
