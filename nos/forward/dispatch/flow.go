// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"bytes"
	"fmt"
	"net/netip"

	"github.com/linkspan/linkspan/nos/forward"
	"github.com/linkspan/linkspan/wire/openflow"
)

// The cookies of this package's flows: the first bits are the same in all, the next
// say what a flow is for, the last ones for whom.
const (
	Cookie            = forward.CookieModes
	CookieMask        = forward.CookieModesMask
	kindMask   uint64 = 0xffff_ffff << 32

	// CookieShadow is of what a host in shadow sends, CookieDropped of what comes
	// back for it and is dropped; the last bits are the number of its patch.
	CookieShadow  = Cookie | 1<<32
	CookieDropped = Cookie | 2<<32

	// CookieBearer is of what asks for an address that the fabric answers for.
	CookieBearer = Cookie | 3<<32

	// CookieGroups is of what is to more than one, and ends: who decides does so for two.
	CookieGroups = Cookie | 4<<32
)

// KindOf returns a cookie without its last bits, which are of.
func KindOf(cookie uint64) (kind uint64, of uint32) { return cookie & kindMask, uint32(cookie) }

// Flow is one flow of br-switch.
type Flow struct {
	Table        uint8
	Priority     uint16
	Cookie       uint64
	Match        openflow.MatchView
	Instructions openflow.Instructions
}

// Bearer reads which address in which VLAN the fabric answers for, by a flow of [CookieBearer].
func (f *Flow) Bearer() (vlan uint16, a netip.Addr, ok bool) {
	id, known := f.Match.Uint(openflow.Reg(RegVLAN))
	if a, ok = f.Match.Addr(openflow.FieldARPTPA); !ok {
		a, ok = f.Match.Addr(openflow.FieldNDTarget)
	}
	return uint16(id), a, ok && known
}

// Key is what a bridge tells flows apart by.
func (f *Flow) Key() string { return fmt.Sprintf("%d %d %s", f.Table, f.Priority, f.Match) }

// Same says that two flows of one key do the same.
func (f *Flow) Same(g *Flow) bool {
	return f.Cookie == g.Cookie && bytes.Equal(f.Instructions, g.Instructions)
}

// String returns the flow as ovs-ofctl writes it, without its cookie.
func (f *Flow) String() string {
	return fmt.Sprintf("table=%d,priority=%d,%s actions=%s", f.Table, f.Priority, f.Match, f.Instructions)
}

// Mod returns the message that adds the flow, or deletes it.
func (f *Flow) Mod(command openflow.FlowModCommand) *openflow.FlowMod {
	m := &openflow.FlowMod{Command: command, TableID: f.Table, Priority: f.Priority, Match: f.Match}
	if command == openflow.FlowAdd {
		m.Cookie, m.Instructions = f.Cookie, f.Instructions
	} else {
		m.Cookie, m.CookieMask = Cookie, CookieMask
	}
	return m
}

// Meter limits what of a VLAN's frames comes up: packets a second, and at once.
type Meter struct {
	ID          uint32
	Rate, Burst uint32
}

// Frames that come up: a host that is not known says so with each packet.
const upRate, upBurst = 500, 200

// MeterOf returns the meter of a VLAN.
func MeterOf(vlan uint16) Meter { return Meter{forward.MeterModes + uint32(vlan), upRate, upBurst} }

// Mod returns the message that adds the meter or, with another command, changes it.
func (m Meter) Mod(command openflow.MeterCommand) *openflow.MeterMod {
	return &openflow.MeterMod{
		Command: command, MeterID: m.ID, Flags: openflow.MeterInPktps | openflow.MeterWithBurst | openflow.MeterWithStats,
		Bands: []openflow.MeterBand{{Type: openflow.MeterDrop, Rate: m.Rate, Burst: m.Burst}},
	}
}

// ControllerID is who gets the frames that come up: a connection that has asked for
// this number (NXT_SET_CONTROLLER_ID).
const ControllerID = 0x4d02

// RegVLAN is the register with the VLAN of a frame, from package forward's guard on.
const RegVLAN = 0

// regFabric is 1 of frames that are for the fabric, if a host has sent them that it knows; package forward has
// those before it.
const regFabric = 3

// RouterMAC is the fabric's router to every host (control/pipeline has the same).
func RouterMAC() openflow.MAC { return openflow.MAC{0x02, 0xff, 0, 0, 0, 1} }

// Set is all that br-switch should hold of this package.
type Set struct {
	Flows  []Flow
	Meters []Meter
}

// The tables that flows are in. Those of numbers are this package's own.
const (
	TableDispatch = forward.TableDispatch
	TableWatched  = uint8(8)
	TableSDN      = forward.TableSDN

	tableGuard    = forward.TableGuard
	tableDispatch = TableDispatch
	tableWatched  = TableWatched
	tableNoticed  = uint8(9)
	tableItself   = forward.TableItself
	tableSDN      = TableSDN
	tableStation  = forward.TableStation
	tableForeign  = forward.TableForeign
	tableReturned = forward.TableReturned
)
