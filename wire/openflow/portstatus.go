// SPDX-License-Identifier: Apache-2.0

package openflow

// PortReason says what happened to a port (spec 7.4.3).
type PortReason uint8

// The reasons of PortStatus.
const (
	PortAdd PortReason = iota
	PortDelete
	PortModify
)

var portReasons = [...]string{"add", "delete", "modify"}

// String returns the name in lower case.
func (r PortReason) String() string { return nameOf(portReasons[:], int(r)) }

// PortStatus tells that a port appeared, went or changed (spec 7.4.3).
type PortStatus struct {
	Reason PortReason
	Port   Port
}

// Append appends the message, as a switch does.
func (p *PortStatus) Append(b []byte, xid uint32) []byte {
	start := len(b)
	b = appendZero(append(begin(b, TypePortStatus, xid), byte(p.Reason)), 7)
	return finish(p.Port.Append(b), start)
}

// Decode reads a PORT_STATUS.
func (p *PortStatus) Decode(m Message) error {
	b, err := m.expect(TypePortStatus, 8+portLen)
	if err != nil {
		return err
	}
	p.Reason = PortReason(b[0])
	_, err = p.Port.Next(b[8:])
	return err
}
