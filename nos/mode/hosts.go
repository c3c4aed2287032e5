// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
)

// place is where a host is found: an address in a VLAN. Two VLANs may have hosts of
// one address, as their networks may.
type place struct {
	vlan    uint16
	address netip.Addr
}

// sighting is a host that was heard.
type sighting struct {
	place
	mac    linkspan.MAC
	device string
}

// station is a host that is known.
type station struct {
	sighting
	came     time.Time // when it was first heard
	heard    time.Time
	address6 netip.Addr // of IPv6, of the network; zero: none is known
	heard6   time.Time
	denied   netip.Addr // one that is somebody else's
	six      bool       // the fabric has it with that
	number   uint32     // of its port on br-link; 0: it has none yet
	plugged  bool       // its patch is there, and the fabric knows it
	stale    bool       // the fabric knows it as it was
	created  time.Time
	of       linkspan.NetworkID // whose endpoint it is
	first    []byte             // a frame of it that waits for that
	rival    *rival             // who says that the address is its
	tried    time.Time          // when it was last tried to attach it, in vain
	refused  error              // then: its address is somebody else's
	asked    time.Time          // when it was last asked whether it is there
}

// rival is a host that was heard with the address of another.
type rival struct {
	sighting
	since, last time.Time // that it says so, and when it did so last
}

// news is what a sighting changes.
type news uint8

const (
	known    news = iota // nothing
	appeared             // a host that was not known
	moved                // it is at another port
	disputed             // somebody else says that the address is its
)

// hosts are those that are known. It is not for several goroutines.
type hosts struct {
	all        map[place]*station
	settleTime time.Duration // see Options.Settle
}

func newHosts(settle time.Duration) *hosts {
	return &hosts{all: make(map[place]*station), settleTime: settle}
}

// see takes in a sighting.
func (h *hosts) see(s sighting, now time.Time) (*station, news) {
	is := h.all[s.place]
	switch {
	case is == nil:
		is = &station{sighting: s, came: now, heard: now}
		h.all[s.place] = is
		return is, appeared
	case is.mac != s.mac:
		if is.rival == nil || is.rival.mac != s.mac {
			is.rival = &rival{s, now, now}
		}
		is.rival.device, is.rival.last = s.device, now
		return is, disputed
	case is.device != s.device:
		is.device, is.heard, is.rival, is.stale = s.device, now, nil, true
		return is, moved
	}
	is.heard = now
	if is.rival != nil && now.Sub(is.rival.last) > h.settleTime {
		is.rival = nil // it is there, and the other one was heard long ago
	}
	return is, known
}

// answerTime is how long a host may take to answer when it is asked.
const answerTime = time.Second

// settle returns those whose addresses are another's by now: they are asked since that one came, and
// do not answer. They are not known any more; the other is to be seen anew.
func (h *hosts) settle(now time.Time) (gone []*station) {
	for at, s := range h.all {
		if s.rival != nil && now.Sub(s.rival.since) > h.settleTime && now.Sub(s.heard) > h.settleTime && s.asked.After(s.heard) {
			gone = append(gone, s)
			delete(h.all, at)
		}
	}
	return gone
}

// forget removes those that were not heard for a time, and returns them.
func (h *hosts) forget(now time.Time, after time.Duration) (gone []*station) {
	for at, s := range h.all {
		if now.Sub(s.heard) > after {
			gone = append(gone, s)
			delete(h.all, at)
		}
	}
	return gone
}

// list returns all, by VLAN and address.
func (h *hosts) list() []*station {
	return slices.SortedFunc(maps.Values(h.all), func(a, b *station) int {
		return cmp.Or(cmp.Compare(a.vlan, b.vlan), a.address.Compare(b.address))
	})
}
