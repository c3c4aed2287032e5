// SPDX-License-Identifier: Apache-2.0

package openflow

// Role is a controller's role on a datapath (spec 6.3.4, 7.3.9). The names are
// the specification's.
type Role uint32

// The roles.
const (
	RoleNoChange Role = iota // asks only
	RoleEqual
	RoleMaster // the one; an earlier master becomes slave
	RoleSlave  // reads only
)

var roleNames = [...]string{"nochange", "equal", "master", "slave"}

// String returns the name in lower case.
func (r Role) String() string { return nameOf(roleNames[:], int(r)) }

// RoleRequest asks for a role. For master and slave the switch refuses a
// generation that is behind the greatest one seen: the signed 64-bit difference
// counts (spec 6.3.4).
type RoleRequest struct {
	Role       Role
	Generation uint64
}

// Append appends the message.
func (r *RoleRequest) Append(b []byte, xid uint32) []byte {
	return appendRole(b, TypeRoleRequest, xid, r.Role, r.Generation)
}

// Decode reads a ROLE_REQUEST.
func (r *RoleRequest) Decode(m Message) (err error) {
	r.Role, r.Generation, err = decodeRole(m, TypeRoleRequest)
	return err
}

// RoleReply tells the role in force. Generation is all ones before the first.
type RoleReply struct {
	Role       Role
	Generation uint64
}

// Append appends the message, as a switch does.
func (r *RoleReply) Append(b []byte, xid uint32) []byte {
	return appendRole(b, TypeRoleReply, xid, r.Role, r.Generation)
}

// Decode reads a ROLE_REPLY.
func (r *RoleReply) Decode(m Message) (err error) {
	r.Role, r.Generation, err = decodeRole(m, TypeRoleReply)
	return err
}

func appendRole(b []byte, t Type, xid uint32, r Role, generation uint64) []byte {
	start := len(b)
	b = appendZero(a32(begin(b, t, xid), uint32(r)), 4)
	return finish(a64(b, generation), start)
}

func decodeRole(m Message, t Type) (Role, uint64, error) {
	b, err := m.expect(t, 16)
	if err != nil {
		return 0, 0, err
	}
	return Role(u32(b, 0)), u64(b, 8), nil
}

// RoleStatus tells a controller that it was demoted: message 1911 of the ONF's
// extension to 1.3, which Open vSwitch sends unasked.
type RoleStatus struct {
	Role       Role
	Reason     uint8 // 0 another became master, 1 configuration, 2 experimenter
	Generation uint64
}

// roleStatusType is the experimenter type of RoleStatus.
const roleStatusType = 1911

// Append appends the message, as a switch does.
func (r *RoleStatus) Append(b []byte, xid uint32) []byte {
	start := len(b)
	b = a32(beginExperimenter(b, xid, ONF, roleStatusType), uint32(r.Role))
	b = append(b, r.Reason, 0, 0, 0)
	return finish(a64(b, r.Generation), start)
}

// Decode reads a ROLE_STATUS.
func (r *RoleStatus) Decode(m Message) error {
	b, err := m.expectExperimenter(ONF, roleStatusType, 16)
	if err != nil {
		return err
	}
	r.Role, r.Reason, r.Generation = Role(u32(b, 0)), b[4], u64(b, 8)
	return nil
}
