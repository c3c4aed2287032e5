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
	KindPassage  Kind = 0x15 // static, per attached endpoint: between it and the host's stack
	KindRoute    Kind = 0x21 // plugged
	KindDeny     Kind = 0x22 // denied for a while
	KindTracked  Kind = 0x23 // plugged: hands a tracked pair's packets to connection tracking
	KindClass    Kind = 0x25 // plugged: lets a class of a tracked pair's connections through
	KindProbe    Kind = 0x31 // watches the packet of one probe for a moment; the object is the probe
)

// Static says whether flows of this kind follow from the View alone.
func (k Kind) Static() bool { return k&0xf0 == 0x10 }

// Plugged says whether flows of this kind are parts of routes.
func (k Kind) Plugged() bool { return k&0xf1 == 0x21 }

// Round numbers what a session installs, so that what is older can be told.
type Round uint16

// Cookie is kind, round and object, 8, 16 and 40 bits.
type Cookie uint64

const objectMask = 1<<40 - 1

// objectShort is what is left of an object beside a policy.
const objectShort = 1<<16 - 1

// NewCookie packs its parts; an object beyond 40 bits is cut.
func NewCookie(k Kind, r Round, object uint64) Cookie {
	return Cookie(uint64(k)<<56 | uint64(r)<<40 | object&objectMask)
}

// ruled is the bit of a kind of decisions which says that the object begins with the
// number of the policy for which the flow counts.
const ruled Kind = 0x08

// Kind returns what the flow is for.
func (c Cookie) Kind() Kind {
	k := Kind(c >> 56)
	if k&0xf0 == 0x20 {
		k &^= ruled
	}
	return k
}

// By returns the cookie of a flow that counts for a policy: of the object the lower 16
// bits stay. 0 is no policy.
func (c Cookie) By(p linkspan.PolicyID) Cookie {
	if p == 0 {
		return c
	}
	return NewCookie(c.Kind()|ruled, c.Round(), uint64(p)<<16|c.Object()&objectShort)
}

// Policy returns the number of the policy for which the flow counts, or 0.
func (c Cookie) Policy() linkspan.PolicyID {
	if Kind(c>>56)&(0xf0|ruled) != 0x20|ruled {
		return 0
	}
	return linkspan.PolicyID(c.Object() >> 16)
}

// Round returns the round in which the flow was installed.
func (c Cookie) Round() Round { return Round(c >> 40) }

// Object returns the 40 bits that name the object, for routes the id; where a Policy is
// named, its number and 16 bits of the id.
func (c Cookie) Object() uint64 { return uint64(c) & objectMask }

// Masks for filtering by cookie.
const (
	maskGroup  = uint64(0xf0) << 56 // static, or of decisions
	maskKind   = uint64(0xff&^ruled) << 56
	maskRuled  = uint64(0xf0|ruled) << 56
	maskRoutes = uint64(0xf1) << 56 // with the bits of KindRoute: all that are plugged
	maskRound  = uint64(0xffff) << 40
	groupFixed = uint64(0x10) << 56
	groupMoved = uint64(0x20) << 56
	groupRuled = uint64(0x20|ruled) << 56
)

func endpointObject(e *linkspan.Endpoint) uint64 {
	return uint64(e.Network)<<16 | uint64(e.Port)
}
