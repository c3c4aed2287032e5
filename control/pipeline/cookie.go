// SPDX-License-Identifier: Apache-2.0

package pipeline

import "github.com/linkspan/linkspan"

// Kind is the uppermost part of a cookie: what a flow is for. The upper four
// bits of a kind tell static flows from those of decisions.
type Kind uint8

// The kinds. Other kinds belong to nobody and are left alone.
const (
	KindChassis  Kind = 0x11 // static, one set per chassis
	KindNetwork  Kind = 0x12 // static, per network with endpoints on the chassis
	KindEndpoint Kind = 0x13 // static, per attached endpoint
	KindPeer     Kind = 0x14 // static, per chassis that may send directly; 0: for their probes
	KindRoute    Kind = 0x21 // plugged
	KindDeny     Kind = 0x22 // denied for a while
)

// Static says whether flows of this kind follow from the View alone.
func (k Kind) Static() bool { return k&0xf0 == 0x10 }

// Round numbers what a session installs, so that what is older can be told.
type Round uint16

// Cookie is kind, round and object, 8, 16 and 40 bits.
type Cookie uint64

const objectMask = 1<<40 - 1

// NewCookie packs its parts; an object beyond 40 bits is cut.
func NewCookie(k Kind, r Round, object uint64) Cookie {
	return Cookie(uint64(k)<<56 | uint64(r)<<40 | object&objectMask)
}

// Kind returns what the flow is for.
func (c Cookie) Kind() Kind { return Kind(c >> 56) }

// Round returns the round in which the flow was installed.
func (c Cookie) Round() Round { return Round(c >> 40) }

// Object returns the 40 bits that name the object, for routes the id.
func (c Cookie) Object() uint64 { return uint64(c) & objectMask }

// Masks for filtering by cookie.
const (
	maskGroup  = uint64(0xf0) << 56 // static, or of decisions
	maskKind   = uint64(0xff) << 56
	maskRound  = uint64(0xffff) << 40
	groupFixed = uint64(0x10) << 56
	groupMoved = uint64(0x20) << 56
)

func endpointObject(e *linkspan.Endpoint) uint64 {
	return uint64(e.Network)<<16 | uint64(e.Port)
}
