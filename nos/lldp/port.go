// SPDX-License-Identifier: Apache-2.0

package lldp

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/linkspan/linkspan/wire/packet"
)

// What is taken of neighbours at most.
const (
	maxNeighbours = 32 // of a device
	maxFrames     = 20 // in a second, of a device; Counts.Ignored has the rest
)

// fast is how often a device tells, a second apart, when somebody new is there (IEEE
// 802.1AB-2016, 9.2.5.19).
const fast = 4

// reopen is how long a device that cannot be read, as it is down or away, is left alone.
const reopen = time.Second

// port is a device and who is behind it.
type port struct {
	name string
	device
	stop context.CancelFunc // ends its listener

	line  Line // nil while it cannot be read
	next  time.Time
	fast  int
	known []entry
	Counts

	second time.Time // in which so many frames came
	frames int
}

// entry is a neighbour and the bytes that tell it from others.
type entry struct {
	id string
	Neighbour
}

// Line is an open device: a read returns a frame of LLDP, and fails when the device goes down or away.
type Line interface {
	io.ReadWriteCloser
	MAC() packet.MAC
}

// Counts count what a device said and heard (IEEE 802.1AB-2016, 9.2.6).
type Counts struct {
	Sent      uint64 // frames
	Heard     uint64 // frames
	Malformed uint64 // frames heard that were no LLDP
	Ignored   uint64 // frames heard that came too fast, or of more neighbours than are kept
	Expired   uint64 // neighbours that told no more in time
}

// admits counts a frame, and says whether it is read.
func (p *port) admits(now time.Time) bool {
	p.Heard++
	if now.Sub(p.second) >= time.Second {
		p.second, p.frames = now, 0
	}
	p.frames++
	if p.frames > maxFrames {
		p.Ignored++
		return false
	}
	return true
}

// take keeps what a frame tells, and says whether somebody new is there.
func (p *port) take(frame []byte, now time.Time) (news bool) {
	var l packet.LLDP
	if packet.ParseLLDP(frame, &l) != nil {
		p.Malformed++
		return false
	}
	id := fmt.Sprintf("%d %x %d %x", l.ChassisKind, l.Chassis, l.PortKind, l.Port)
	i := slices.IndexFunc(p.known, func(e entry) bool { return e.id == id })
	switch {
	case l.TTL == 0:
		if i >= 0 {
			p.known = slices.Delete(p.known, i, i+1)
		}
		return false
	case i < 0 && len(p.known) == maxNeighbours:
		p.Ignored++
		return false
	case i < 0:
		p.known = append(p.known, entry{id, newNeighbour(p.port, p.name, &l, now)})
		return true
	}
	since := p.known[i].Since
	p.known[i].Neighbour = newNeighbour(p.port, p.name, &l, now)
	p.known[i].Since = since
	return false
}

// expire forgets who has told no more, and returns when the next one would be forgotten.
func (p *port) expire(now time.Time) (next time.Time) {
	p.known = slices.DeleteFunc(p.known, func(e entry) bool {
		gone := !now.Before(e.Until)
		if gone {
			p.Expired++
		}
		return gone
	})
	for _, e := range p.known {
		next = sooner(next, e.Until)
	}
	return next
}

// sooner returns the earlier of two times, of which one may be none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
