// SPDX-License-Identifier: Apache-2.0

package forward

import "github.com/linkspan/linkspan/wire/openflow"

// The tables of br-switch.
const (
	TableGuard      uint8 = 0
	TableStorm      uint8 = 1
	TableACL        uint8 = 2
	TableACLDefault uint8 = 3
	TableLearn      uint8 = 4
	TableKnown      uint8 = 5
	TableUnknown    uint8 = 6
	TableDispatch   uint8 = 7
	TableItself     uint8 = 10
	TableNormal     uint8 = 11
	TableSDN        uint8 = 20
	TableStation    uint8 = 21
	TableForeign    uint8 = 30
	TableReturned   uint8 = 31
)

// The registers of a frame on its way.
const (
	regVLAN  = 0 // of the frame, tagged or not
	regACL   = 1 // number of the access list of the port, 0 for none
	regKnown = 2 // 1 when the station it is for was learnt
)

// Priorities in the guard.
const (
	guardNever    = 1000 // for all ports
	guardUntagged = 110
	guardTagged   = 100
)

// Cookies: whoever reads the flows tells by them whose they are.
const (
	Cookie        uint64 = 0x6c73_0000_0000_0001 // of all flows of this package
	CookieLearned uint64 = 0x6c73_0000_0000_0002 // of those that the bridge learns itself

	// CookieModes and the mask are those of package dispatch, which come and go with hosts
	// and with who decides: they are neither written here, nor missed, nor too many.
	CookieModes     uint64 = 0x6c73_4d00 << 32
	CookieModesMask uint64 = 0xffff_ff00 << 32
)

// MeterModes is the first number of package dispatch's meters, above all of this
// package's and below the 200,000 of the kernel's datapath; they have those of VLANs.
const MeterModes uint32 = 190000

// ofModes says whether a meter is package dispatch's.
func ofModes(id uint32) bool { return id >= MeterModes && id < MeterModes+4096 }

// Kind is what a meter counts.
type Kind uint8

// The kinds of storms.
const (
	Broadcast Kind = iota
	Multicast
	UnknownUnicast
	Input // all that a port sends, by bits
)

// kinds has the leaves below storm-control.
var kinds = [...]string{"broadcast", "multicast", "unknown-unicast"}

// String returns the name of the leaf in the configuration.
func (k Kind) String() string {
	if k == Input {
		return "input-rate"
	}
	return kinds[k]
}

// meterSlots is how many ports have meters at most: so that their numbers, four of a port, are
// below [MeterModes].
const meterSlots = 47000

func meterID(slot uint32, k Kind) uint32 { return 1 + slot<<2 + uint32(k) }

// bits says that a meter counts bits, by its number.
func (m *Meter) bits() bool { return (m.ID-1)&3 == uint32(Input) }

func vlanBits() openflow.Subfield { return openflow.Reg(regVLAN).Bits(0, 12) }
