// SPDX-License-Identifier: Apache-2.0

package openflow

// Controller says how a packet is sent to controllers. With MeterID or
// Userdata it becomes the action NXAST_CONTROLLER2, else NXAST_CONTROLLER.
type Controller struct {
	MaxLen   uint16 // bytes of the packet at least, MaxLenNoBuffer for all; see NoBuffer
	ID       uint16 // only to connections with this id (see SetControllerID)
	Reason   PacketInReason
	MeterID  uint32 // 0 for none
	Userdata []byte // comes back in Open vSwitch's own packet-in formats only
}

// The properties of NXAST_CONTROLLER2.
const (
	ctl2MaxLen = iota
	ctl2ID
	ctl2Reason
	ctl2Userdata
	ctl2Pause
	ctl2MeterID
)

// Controller sends the packet to controllers.
func (a Actions) Controller(c *Controller) Actions {
	if c.MeterID != 0 || c.Userdata != nil {
		return a.controller2(c)
	}
	a = a16(a16(a.nicira(NXController, 16), c.MaxLen), c.ID)
	return append(a, byte(c.Reason), 0)
}

// controller2 appends the form made of properties.
func (a Actions) controller2(c *Controller) Actions {
	start := len(a)
	b := []byte(appendZero(a.nicira(NXController2, 0), 6))
	b = append(b, 0, ctl2MaxLen, 0, 8, byte(c.MaxLen>>8), byte(c.MaxLen), 0, 0)
	b = append(b, 0, ctl2ID, 0, 8, byte(c.ID>>8), byte(c.ID), 0, 0)
	b = append(b, 0, ctl2Reason, 0, 8, byte(c.Reason), 0, 0, 0)
	if c.Userdata != nil {
		b = a16(append(b, 0, ctl2Userdata), uint16(4+len(c.Userdata)))
		b = pad8(append(b, c.Userdata...), start)
	}
	if c.MeterID != 0 {
		b = a32(append(b, 0, ctl2MeterID, 0, 8), c.MeterID)
	}
	return Actions(b).nxFinish(start)
}

// Controller decodes NXAST_CONTROLLER and NXAST_CONTROLLER2.
func (a Action) Controller() (c Controller, ok bool) {
	s, ok := a.Nicira()
	b := a.nxBody()
	switch {
	case ok && s == NXController && len(b) >= 6:
		return Controller{MaxLen: u16(b, 0), ID: u16(b, 2), Reason: PacketInReason(b[4])}, true
	case ok && s == NXController2 && len(b) >= 6:
		return decodeController2(b[6:])
	}
	return Controller{}, false
}

// decodeController2 reads the properties; unknown ones are passed over.
func decodeController2(b []byte) (Controller, bool) {
	c := Controller{MaxLen: MaxLenNoBuffer, Reason: ReasonAction}
	for len(b) >= 4 {
		n := int(u16(b, 2))
		if n < 4 || n > len(b) {
			return c, false
		}
		v := b[4:n]
		switch t := u16(b, 0); {
		case t == ctl2MaxLen && len(v) >= 2:
			c.MaxLen = u16(v, 0)
		case t == ctl2ID && len(v) >= 2:
			c.ID = u16(v, 0)
		case t == ctl2Reason && len(v) >= 1:
			c.Reason = PacketInReason(v[0])
		case t == ctl2Userdata:
			c.Userdata = v
		case t == ctl2MeterID && len(v) >= 4:
			c.MeterID = u32(v, 0)
		}
		b = b[min(padded(n), len(b)):]
	}
	return c, true
}
