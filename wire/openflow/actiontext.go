// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/hex"
	"fmt"
	"strconv"
)

// String renders the actions in the style of ovs-ofctl dump-flows; an empty
// list is "drop".
func (a Actions) String() string {
	if len(a) == 0 {
		return "drop"
	}
	return string(a.appendText(nil))
}

// appendText appends the actions with commas between them.
func (a Actions) appendText(b []byte) []byte {
	start := len(b)
	for one := range a.All() {
		b = append(comma(b, start), one.String()...)
	}
	return b
}

// String renders the action in the style of ovs-actions(7).
func (a Action) String() string {
	switch t := a.Type(); t {
	case ActionOutput:
		return a.outputText()
	case ActionSetField:
		o, _ := a.SetField()
		return "set_field:" + o.setText()
	case ActionGroup:
		return fmt.Sprintf("group:%d", u32(a, 4))
	case ActionSetQueue:
		return fmt.Sprintf("set_queue:%d", u32(a, 4))
	case ActionPushVLAN:
		return fmt.Sprintf("push_vlan:0x%04x", u16(a, 4))
	case ActionPopVLAN:
		return "pop_vlan"
	case ActionDecTTL:
		return "dec_ttl"
	case ActionSetTTL:
		return fmt.Sprintf("mod_nw_ttl:%d", a[4])
	}
	if s, ok := a.Nicira(); ok {
		return a.niciraText(s)
	}
	return a.unknownText()
}

// unknownText renders an action this package does not know.
func (a Action) unknownText() string {
	return fmt.Sprintf("action_%d(%s)", a.Type(), hex.EncodeToString(a.Body()))
}

func (a Action) outputText() string {
	port, maxLen, _ := a.Output()
	switch {
	case port == PortController:
		return fmt.Sprintf("CONTROLLER:%d", maxLen)
	case port >= PortInPort:
		return string(appendPort(nil, port))
	}
	return fmt.Sprintf("output:%d", port)
}

// setText renders VALUE->FIELD.
func (o OXM) setText() string {
	b := appendMasked(nil, o.Field, o.Value, o.Mask)
	name := o.Field.String()
	switch name {
	case "nw_src":
		name = "ip_src"
	case "nw_dst":
		name = "ip_dst"
	}
	return string(append(append(b, "->"...), name...))
}

// niciraText renders one of Open vSwitch's own actions. The numbers of a
// malformed one come out as zero.
func (a Action) niciraText(s NiciraAction) string {
	switch s {
	case NXRegMove:
		src, dst, _ := a.Move()
		return fmt.Sprintf("move:%v->%v", src, dst)
	case NXRegLoad:
		dst, v, _ := a.Load()
		return fmt.Sprintf("load:0x%x->%v", v, dst)
	case NXRegLoad2:
		o, _ := a.LoadMasked()
		return "set_field:" + o.setText()
	case NXOutputReg:
		src, _, _ := a.OutputReg()
		return fmt.Sprintf("output:%v", src)
	case NXResubmit, NXResubmitTable:
		return a.resubmitText()
	case NXConjunction:
		id, clause, n, _ := a.Conjunction()
		return fmt.Sprintf("conjunction(%d,%d/%d)", id, int(clause)+1, n)
	case NXDecTTL:
		return "dec_ttl"
	case NXDecTTLIDs:
		ids, _ := a.DecTTLIDs()
		return "dec_ttl(" + joinUints(ids) + ")"
	case NXController, NXController2:
		c, _ := a.Controller()
		return c.String()
	case NXCT:
		c, _ := a.CT()
		return c.String()
	case NXNAT:
		n, _ := a.NAT()
		return n.String()
	case NXCTClear:
		return "ct_clear"
	case NXLearn2:
		return a.learnText()
	case NXNote:
		return "note:" + dotted(a.nxBody())
	}
	return fmt.Sprintf("nicira_%d(%s)", s, hex.EncodeToString(a.nxBody()))
}

func (a Action) resubmitText() string {
	port, table, _ := a.Resubmit()
	if table == NoTable {
		return "resubmit:" + string(appendPort(nil, port))
	}
	text := ""
	if port != PortInPort {
		text = string(appendPort(nil, port))
	}
	return fmt.Sprintf("resubmit(%s,%d)", text, table)
}

// joinUints renders numbers with commas.
func joinUints(ids []uint16) string {
	var b []byte
	for _, id := range ids {
		b = strconv.AppendUint(comma(b, 0), uint64(id), 10)
	}
	return string(b)
}

// dotted renders bytes in hex with dots.
func dotted(v []byte) string {
	var b []byte
	for i, c := range v {
		if i > 0 {
			b = append(b, '.')
		}
		b = hex.AppendEncode(b, []byte{c})
	}
	return string(b)
}
