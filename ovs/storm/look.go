// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"net/netip"
	"time"
)

// look is what was read of a port at one time.
type look struct {
	at time.Time
	Reading
	Counts
}

// since returns what happened from an earlier look to this one.
func (l *look) since(was *look) *sample {
	s := sample{
		span: l.at.Sub(was.at), held: grown(was.Held, l.Held), passed: grown(was.Passed, l.Passed),
		denied: make(map[netip.Addr]uint64, len(l.Denied)),
	}
	routed := uint64(0)
	for flow, n := range l.Routes {
		routed += grown(was.Routes[flow], n)
	}
	if arrived := grown(was.Arrived, l.Arrived); arrived > routed {
		s.vain = arrived - routed
	}
	for to, n := range l.Denied {
		s.denied[to] = grown(was.Denied[to], n)
	}
	return &s
}

// grown returns by how much a counter grew; one that fell began anew.
func grown(was, is uint64) uint64 {
	if is < was {
		return is
	}
	return is - was
}

// looks are the last ones at a port, oldest first.
type looks []look

// add appends a look and returns what happened over the window that ends with
// it, nil while the looks do not reach back so far.
func (l *looks) add(now look) *sample {
	list := *l
	for len(list) > 1 && now.at.Sub(list[1].at) >= window {
		list = list[1:]
	}
	*l = append(list, now)
	if len(list) == 0 || now.at.Sub(list[0].at) < window {
		return nil
	}
	return now.since(&list[0])
}
