// SPDX-License-Identifier: Apache-2.0

package openflow

// setControllerIDType is the Nicira subtype of SetControllerID.
const setControllerIDType = 20

// SetControllerID gives the connection an id that Controller actions can name;
// it is 0 at first. Open vSwitch's extension NXT_SET_CONTROLLER_ID.
type SetControllerID struct {
	ID uint16
}

// Append appends the message.
func (s *SetControllerID) Append(b []byte, xid uint32) []byte {
	start := len(b)
	b = appendZero(beginExperimenter(b, xid, Nicira, setControllerIDType), 6)
	return finish(a16(b, s.ID), start)
}

// Decode reads the message.
func (s *SetControllerID) Decode(m Message) error {
	b, err := m.expectExperimenter(Nicira, setControllerIDType, 8)
	if err != nil {
		return err
	}
	s.ID = u16(b, 6)
	return nil
}
