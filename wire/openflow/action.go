// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"net/netip"
)

// ActionType is the type of an action (spec 7.2.5, ofp_action_type).
type ActionType uint16

// The action types of OpenFlow 1.3.
const (
	ActionOutput       ActionType = 0
	ActionCopyTTLOut   ActionType = 11
	ActionCopyTTLIn    ActionType = 12
	ActionSetMPLSTTL   ActionType = 15
	ActionDecMPLSTTL   ActionType = 16
	ActionPushVLAN     ActionType = 17
	ActionPopVLAN      ActionType = 18
	ActionPushMPLS     ActionType = 19
	ActionPopMPLS      ActionType = 20
	ActionSetQueue     ActionType = 21
	ActionGroup        ActionType = 22
	ActionSetTTL       ActionType = 23
	ActionDecTTL       ActionType = 24
	ActionSetField     ActionType = 25
	ActionExperimenter ActionType = 0xffff
)

// Actions is a list of encoded actions. Each method appends one and returns
// the longer list, as append does; nothing is allocated while the capacity
// lasts:
//
//	var scratch [128]byte
//	acts := openflow.Actions(scratch[:0]).DecTTL().Output(2, 0)
//
// A received list is the same type and is read by All.
type Actions []byte

// Output sends the packet out of a port. maxLen is the number of bytes sent
// when the port is PortController, MaxLenNoBuffer for all, and unused otherwise.
func (a Actions) Output(port uint32, maxLen uint16) Actions {
	return append(a, 0, byte(ActionOutput), 0, 16,
		byte(port>>24), byte(port>>16), byte(port>>8), byte(port),
		byte(maxLen>>8), byte(maxLen), 0, 0, 0, 0, 0, 0)
}

// Group has the packet treated by a group.
func (a Actions) Group(id uint32) Actions { return a.with32(ActionGroup, id) }

// SetQueue chooses the queue of the port that a later output names.
func (a Actions) SetQueue(id uint32) Actions { return a.with32(ActionSetQueue, id) }

// PushVLAN adds a tag with an Ethernet type, 0x8100 or 0x88a8.
func (a Actions) PushVLAN(ethType uint16) Actions {
	return a.with32(ActionPushVLAN, uint32(ethType)<<16)
}

// PopVLAN removes the outermost tag.
func (a Actions) PopVLAN() Actions { return a.with32(ActionPopVLAN, 0) }

// DecTTL decrements the IPv4 time to live or the IPv6 hop limit. A packet that
// it would bring to 0 leaves the pipeline as invalid TTL.
func (a Actions) DecTTL() Actions { return a.with32(ActionDecTTL, 0) }

// SetTTL sets the IPv4 time to live or the IPv6 hop limit.
func (a Actions) SetTTL(ttl uint8) Actions { return a.with32(ActionSetTTL, uint32(ttl)<<24) }

// with32 appends an action of 8 bytes.
func (a Actions) with32(t ActionType, v uint32) Actions {
	return append(a, byte(t>>8), byte(t), 0, 8,
		byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
}

// SetField sets a field to a value. One of another length than the field's is
// written as it is, and every switch refuses it.
func (a Actions) SetField(f Field, value []byte) Actions {
	start := len(a)
	f = f&^0xff | Field(len(value))
	n := padded(4 + f.headerLen() + len(value))
	b := append(a, 0, byte(ActionSetField), byte(n>>8), byte(n))
	return pad8(append(f.header(b, false), value...), start)
}

// SetUint sets a field of at most 8 bytes to a number, cut to its length.
func (a Actions) SetUint(f Field, v uint64) Actions {
	var b [8]byte
	n := f.Len()
	if n > 8 {
		return a.SetField(f, nil)
	}
	putUint(b[:n], v)
	return a.SetField(f, b[:n])
}

// SetMAC sets a field that holds an Ethernet address.
func (a Actions) SetMAC(f Field, m MAC) Actions { return a.SetField(f, m[:]) }

// SetAddr sets a field that holds an IPv4 or IPv6 address.
func (a Actions) SetAddr(f Field, ip netip.Addr) Actions {
	if ip.Is4() {
		v := ip.As4()
		return a.SetField(f, v[:])
	}
	v := ip.As16()
	return a.SetField(f, v[:ip.BitLen()/8])
}
