// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// Learn has the bridge itself add or refresh a flow that it makes of the packet
// (ovs-actions(7), learn).
type Learn struct {
	IdleTimeout uint16 // seconds, 0 for none
	HardTimeout uint16 // seconds since the flow was last learnt, 0 for none
	Priority    uint16
	Cookie      uint64
	Flags       uint16
	Table       uint8
	Limit       uint32 // of flows with the cookie in the table, beyond which none is learnt; 0 for none
	Specs       []LearnSpec
}

// LearnSpec is one field of what is learnt: matched or, with Load, set by its
// actions. It is taken from Src of the packet or, if that has no bits, is Value,
// which has as many bits as Dst.
type LearnSpec struct {
	Src   Subfield
	Value uint64
	Dst   Subfield
	Load  bool
}

// The bits of the header of a LearnSpec (nicira-ext.h of Open vSwitch).
const (
	learnBits      = 0x3ff
	learnLoad      = 1 << 11
	learnDst       = 3 << 11
	learnImmediate = 1 << 13
)

// learnLen is the length of a learn action with a limit, without its specs.
const learnLen = 40

// Learn appends the action, in the form that has a limit.
func (a Actions) Learn(l *Learn) Actions {
	start := len(a)
	b := a16(a16(a16(a.nicira(NXLearn2, 0), l.IdleTimeout), l.HardTimeout), l.Priority)
	b = a16(a64(b, l.Cookie), l.Flags)
	b = append(b, l.Table, 0, 0, 0, 0, 0)
	b = appendZero(a32(b, l.Limit), 4)
	for i := range l.Specs {
		b = l.Specs[i].append(b)
	}
	return Actions(b).nxFinish(start)
}

func (s *LearnSpec) append(b []byte) []byte {
	head := s.Dst.Bits & learnBits
	if s.Load {
		head |= learnLoad
	}
	if s.Src.Bits != 0 {
		b = s.Src.learn(a16(b, head))
		return s.Dst.learn(b)
	}
	b = a16(b, head|learnImmediate)
	for n := int(s.Dst.Bits+15) / 16; n > 0; n-- {
		shift := 16 * (n - 1)
		b = a16(b, uint16(s.Value>>shift))
	}
	return s.Dst.learn(b)
}

// learn appends a subfield whose width is known.
func (s Subfield) learn(b []byte) []byte { return a16(s.Field.header(b, false), s.Ofs) }

// Learn decodes a learn action with a limit whose fields have at most 64 bits.
func (a Action) Learn() (l Learn, ok bool) {
	s, ok := a.Nicira()
	if !ok || s != NXLearn2 || len(a) < learnLen {
		return Learn{}, false
	}
	l = Learn{IdleTimeout: u16(a, 10), HardTimeout: u16(a, 12), Priority: u16(a, 14),
		Cookie: u64(a, 16), Flags: u16(a, 24), Table: a[26], Limit: u32(a, 32)}
	for b := []byte(a[learnLen:]); len(b) >= 2 && u16(b, 0) != 0; {
		var spec LearnSpec
		if b, ok = spec.next(b); !ok {
			return l, false
		}
		l.Specs = append(l.Specs, spec)
	}
	return l, true
}

func (s *LearnSpec) next(b []byte) (rest []byte, ok bool) {
	head := u16(b, 0)
	bits := head & learnBits
	b = b[2:]
	*s = LearnSpec{Load: head&learnDst == learnLoad}
	if head&learnDst > learnLoad || bits == 0 || bits > 64 {
		return nil, false
	}
	if head&learnImmediate == 0 {
		if s.Src, b, ok = learnSubfield(b, bits); !ok {
			return nil, false
		}
	} else {
		n := int(bits+15) / 16 * 2
		if len(b) < n {
			return nil, false
		}
		s.Value, b = uintOf(b[:n]), b[n:]
	}
	s.Dst, b, ok = learnSubfield(b, bits)
	return b, ok
}

func learnSubfield(b []byte, bits uint16) (s Subfield, rest []byte, ok bool) {
	var o OXM
	rest, ok = o.bare(b)
	if !ok || len(rest) < 2 {
		return s, nil, false
	}
	return Subfield{o.Field, u16(rest, 0), bits}, rest[2:], true
}

// learnText renders a learn action that can be decoded, another one in hex.
func (a Action) learnText() string {
	l, ok := a.Learn()
	if !ok {
		return fmt.Sprintf("learn(%s)", hex.EncodeToString(a.nxBody()))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "learn(table=%d", l.Table)
	for _, part := range []struct {
		name  string
		value uint64
	}{{"idle_timeout", uint64(l.IdleTimeout)}, {"hard_timeout", uint64(l.HardTimeout)}, {"priority", uint64(l.Priority)}} {
		if part.value != 0 {
			fmt.Fprintf(&b, ",%s=%d", part.name, part.value)
		}
	}
	if l.Cookie != 0 {
		fmt.Fprintf(&b, ",cookie=0x%x", l.Cookie)
	}
	if l.Limit != 0 {
		fmt.Fprintf(&b, ",limit=%d", l.Limit)
	}
	for _, s := range l.Specs {
		b.WriteString("," + s.String())
	}
	return b.String() + ")"
}

// String returns the form of ovs-actions(7): DST=SRC, or load:SRC->DST.
func (s LearnSpec) String() string {
	src := s.Src.String()
	if s.Src.Bits == 0 {
		src = fmt.Sprintf("0x%x", s.Value)
	}
	switch {
	case s.Load:
		return "load:" + src + "->" + s.Dst.String()
	case s.Src == s.Dst:
		return src
	}
	return s.Dst.String() + "=" + src
}
