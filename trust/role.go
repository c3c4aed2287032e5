// SPDX-License-Identifier: Apache-2.0

package trust

// Role is what a user is trusted with. Each role may do all that the one before
// it may. Controllers, chassis and datapaths have no role: their kind says
// what they may do.
type Role string

// The roles of users.
const (
	RoleViewer   Role = "viewer"   // reads
	RoleOperator Role = "operator" // reads, and changes networks and endpoints
	RoleAdmin    Role = "admin"    // reads, changes, and says who else may
)

// Roles returns every role, the least trusted first.
func Roles() []Role { return []Role{RoleViewer, RoleOperator, RoleAdmin} }

func (r Role) valid() bool {
	return r == RoleViewer || r == RoleOperator || r == RoleAdmin
}
