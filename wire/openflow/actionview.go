// SPDX-License-Identifier: Apache-2.0

package openflow

import "iter"

// Action is a view of one encoded action, header and padding included.
type Action []byte

// Next takes the first action off a list. ErrLength says that its length is
// shorter than its header or no multiple of 8.
func (a *Action) Next(list Actions) (rest Actions, err error) {
	b, rest, err := nextTLV(list)
	if err == nil {
		*a = b
	}
	return rest, err
}

// nextTLV takes a structure off b that begins with 16 bits each of type and
// length and is a multiple of 8 bytes long.
func nextTLV(b []byte) (tlv, rest []byte, err error) {
	if len(b) < 8 {
		return nil, nil, ErrTruncated
	}
	n := int(u16(b, 2))
	switch {
	case n < 8 || n&7 != 0:
		return nil, nil, ErrLength
	case n > len(b):
		return nil, nil, ErrTruncated
	}
	return b[:n:n], b[n:], nil
}

// All yields the actions in order and ends at a malformed one.
func (a Actions) All() iter.Seq[Action] {
	return func(yield func(Action) bool) {
		var one Action
		for list := a; len(list) > 0; {
			rest, err := one.Next(list)
			if err != nil || !yield(one) {
				return
			}
			list = rest
		}
	}
}

// Check returns the error of the first malformed action, nested ones included.
func (a Actions) Check() error {
	var one Action
	for list := a; len(list) > 0; {
		rest, err := one.Next(list)
		if err != nil {
			return err
		}
		if ct, ok := one.CT(); ok {
			if err := ct.Actions.checkFlat(); err != nil {
				return err
			}
		}
		list = rest
	}
	return nil
}

// checkFlat checks a list in which nothing nests.
func (a Actions) checkFlat() error {
	var one Action
	for list := a; len(list) > 0; {
		rest, err := one.Next(list)
		if err != nil {
			return err
		}
		list = rest
	}
	return nil
}

// Type returns the type.
func (a Action) Type() ActionType { return ActionType(u16(a, 0)) }

// Body returns what follows type and length, padding included.
func (a Action) Body() []byte { return a[4:] }

// Nicira returns the subtype when the action is one of Open vSwitch's own.
func (a Action) Nicira() (NiciraAction, bool) {
	if len(a) < 16 || a.Type() != ActionExperimenter || u32(a, 4) != Nicira {
		return 0, false
	}
	return NiciraAction(u16(a, 8)), true
}

// nxBody returns what follows the header of a Nicira action.
func (a Action) nxBody() []byte {
	if len(a) < nxHeaderLen {
		return nil
	}
	return a[nxHeaderLen:]
}

// Output decodes an output action.
func (a Action) Output() (port uint32, maxLen uint16, ok bool) {
	if a.Type() != ActionOutput || len(a) < 16 {
		return 0, 0, false
	}
	return u32(a, 4), u16(a, 8), true
}

// SetField decodes a set-field action.
func (a Action) SetField() (o OXM, ok bool) {
	if a.Type() != ActionSetField {
		return o, false
	}
	_, err := o.Next(a[4:])
	return o, err == nil
}

// Uint decodes the number of a group, set-queue, push-vlan (Ethernet type) or
// set-ttl action.
func (a Action) Uint() (v uint32, ok bool) {
	switch a.Type() {
	case ActionGroup, ActionSetQueue:
		return u32(a, 4), true
	case ActionPushVLAN:
		return uint32(u16(a, 4)), true
	case ActionSetTTL:
		return uint32(a[4]), true
	}
	return 0, false
}
