// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"maps"
	"net/netip"
	"slices"
	"time"
)

// When a flood begins and ends.
const (
	beginRate = 2000             // packets a second in vain
	beginLook = 2                // looks in a row that see as many
	endRate   = 500              // packets a second; what stays below
	endAfter  = 10 * time.Second // for as long has ended
)

// What a limit for destinations needs: that there are not more of them, and
// that they are this much, in tenths, of what is sent in vain.
const (
	mostDestinations = 256
	coverage         = 8
)

// narrowLooks is how many looks in a row must see that destinations would do
// before a limit for all becomes one for these, once in a flood: at its beginning
// the denials may be yet to come.
const narrowLooks = 4

// spell tells when something with a rate begins and ends.
type spell struct {
	on    bool
	since time.Time
	rate  uint64    // packets a second, at the last look
	looks int       // in a row with a high rate
	quiet time.Time // since when the rate is low; zero: it is not
}

// next takes the rate of another look and says whether on changed.
func (s *spell) next(now time.Time, rate uint64) (changed bool) {
	s.rate = rate
	if !s.on {
		s.looks = inRow(s.looks, rate >= beginRate)
		if s.looks >= beginLook {
			*s = spell{on: true, since: now, rate: rate}
		}
		return s.on
	}
	switch {
	case rate >= endRate:
		s.quiet = time.Time{}
	case s.quiet.IsZero():
		s.quiet = now
	case now.Sub(s.quiet) >= endAfter:
		*s = spell{rate: rate}
	}
	return !s.on
}

func inRow(n int, more bool) int {
	if more {
		return n + 1
	}
	return 0
}

// sample is what happened at a port between two looks, in packets.
type sample struct {
	span         time.Duration
	vain         uint64 // that arrived at the bridge and no route took
	held, passed uint64 // by the limit
	denied       map[netip.Addr]uint64
}

func (s *sample) rate(packets uint64) uint64 {
	return uint64(float64(packets) / s.span.Seconds())
}

// sent estimates what was sent in vain, whether it was held or not: what was
// held is like what passed.
func (s *sample) sent() uint64 {
	if s.vain == 0 || s.held == 0 {
		return s.vain
	}
	like := min(1, float64(s.vain)/float64(s.passed)) // +Inf where none passed
	return s.vain + uint64(like*float64(s.held))
}

// judge decides on the limit of one port.
type judge struct {
	spell
	limit Limit
	leaks int // looks in a row at which much passed the limit in vain
	fits  int // looks in a row at which a limit for all could be narrower
}

// next takes what happened since the last look; changed says whether the limit
// is another one now.
func (j *judge) next(now time.Time, s *sample) (changed bool) {
	if j.spell.next(now, s.rate(s.sent())) {
		*j = judge{spell: j.spell}
		if j.on {
			j.limit = widen(Limit{}, s)
		}
		return true
	}
	switch {
	case !j.on:
		return false
	case j.limit.All:
		return j.narrow(s)
	}
	j.leaks = inRow(j.leaks, s.rate(s.vain) >= beginRate)
	if j.leaks < beginLook {
		return false
	}
	j.limit, j.leaks, j.fits = widen(j.limit, s), 0, narrowLooks
	return true
}

// narrow makes a limit for all one for destinations where that holds the same,
// and where none that did not has been tried.
func (j *judge) narrow(s *sample) (changed bool) {
	narrower := widen(Limit{}, s)
	if j.fits >= narrowLooks {
		return false
	}
	j.fits = inRow(j.fits, !narrower.All && s.vain > 0)
	if j.fits < narrowLooks {
		return false
	}
	j.limit = narrower
	return true
}

// adopt goes on with a limit that was found.
func (j *judge) adopt(now time.Time, l Limit) {
	*j = judge{limit: l}
	if l.Any() {
		j.spell = spell{on: true, since: now}
	}
}

// widen returns the narrowest limit that holds what was sent in vain beside l.
func widen(l Limit, s *sample) Limit {
	all, covered := make(map[netip.Addr]bool), uint64(0)
	for _, a := range l.Destinations {
		all[a] = true
	}
	for a, n := range s.denied {
		if n > 0 {
			all[a] = true
			covered += n
		}
	}
	if len(all) == len(l.Destinations) || len(all) > mostDestinations || covered*10 < s.vain*coverage {
		return Limit{All: true}
	}
	return Limit{Destinations: slices.SortedFunc(maps.Keys(all), netip.Addr.Compare)}
}
