// SPDX-License-Identifier: Apache-2.0

package openflow

// NoTable is the Table of a CT that does not continue in another table. It is
// not the zero value: table 0 is a table.
const NoTable uint8 = 0xff

// CTFlags are the flags of the ct action (ovs-actions(7), ct).
type CTFlags uint16

// The flags of ct.
const (
	CTCommit CTFlags = 1 << iota // keep the connection
	CTForce                      // end a connection of the other direction first; needs CTCommit
)

// CT passes the packet through connection tracking.
type CT struct {
	Flags CTFlags
	// Zone is used unless ZoneFrom has bits; ZoneFrom takes the zone from a
	// subfield of 16 bits.
	Zone     uint16
	ZoneFrom Subfield
	// Table continues there with the conntrack state known; NoTable does not.
	Table uint8
	ALG   uint16 // port of the helper: 21 FTP, 69 TFTP, 0 none
	// Actions holds NAT and, with CTCommit, sets ct_mark and ct_label.
	Actions Actions
}

// CT appends the ct action.
func (a Actions) CT(c *CT) Actions {
	start := len(a)
	b := a16(a.nicira(NXCT, 0), uint16(c.Flags))
	if c.ZoneFrom.Bits != 0 {
		b = a16(c.ZoneFrom.Field.header(b, false), ofsBits(c.ZoneFrom))
	} else {
		b = a16(append(b, 0, 0, 0, 0), c.Zone)
	}
	b = a16(append(b, c.Table, 0, 0, 0), c.ALG)
	return Actions(append(b, c.Actions...)).nxFinish(start)
}

// ctLen is the length of ct without nested actions and header.
const ctLen = 24 - nxHeaderLen

// CT decodes a ct action; Actions is a view.
func (a Action) CT() (c CT, ok bool) {
	s, ok := a.Nicira()
	b := a.nxBody()
	if !ok || s != NXCT || len(b) < ctLen {
		return CT{}, false
	}
	c = CT{Flags: CTFlags(u16(b, 0)), Table: b[8], ALG: u16(b, 12), Actions: Actions(b[ctLen:])}
	zone := u16(b, 6)
	if src := u32(b, 2); src != 0 {
		c.ZoneFrom = Subfield{Field(src &^ 0x100), zone >> 6, zone&0x3f + 1}
	} else {
		c.Zone = zone
	}
	return c, true
}
