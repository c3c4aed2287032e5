// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/forward/dispatch"
)

// Containers of the network that a VLAN names are on br-link, or on other switches. Where the switch itself
// decides, nobody there hears who asks for them by ARP: the fabric answers in their
// place, with the router's MAC address. Who they are is asked of the fabric when a host asks for them.
const (
	bearerAgain  = time.Second      // an address that nobody bears is looked up that often at most
	bearerCheck  = 30 * time.Second // after which one that somebody bears is looked up again, when it is asked for
	bearerForget = 10 * time.Minute // without being asked for: longer than neighbours hold its address
	maxBearers   = 4096             // addresses that were asked for lately, of all VLANs
	maxLooked    = 64               // of them, to make room for one
)

// bearer is what is known of an address that a host has asked for.
type bearer struct {
	is      bool      // it is a container's
	due     bool      // that is to be looked up
	checked time.Time // when that was last done, or begun
	asked   time.Time // when somebody asked for it last
	by      place     // the host that waits for an answer
	frame   []byte    // its question; nil: nobody waits
}

// bearers are those that hosts have asked for. They are not for several goroutines.
type bearers map[place]*bearer

// ask notes that a host asks for an address, and says whether that is to be looked up.
func (b bearers) ask(at, by place, frame []byte, now time.Time) bool {
	is := b[at]
	if is == nil {
		if !b.room(now) {
			return false
		}
		is = new(bearer)
		b[at] = is
	}
	is.asked = now
	if is.is && now.Sub(is.checked) < bearerCheck || !is.is && now.Sub(is.checked) < bearerAgain {
		return false
	}
	if is.checked, is.due = now, true; !is.is { // else it is answered already
		is.by, is.frame = by, bytes.Clone(frame)
	}
	return true
}

// room says whether there is room for one more, which it makes where some of those that are looked at are nobody's.
func (b bearers) room(now time.Time) bool {
	looked := 0
	for at, is := range b {
		if looked++; len(b) < maxBearers || looked > maxLooked {
			break
		}
		if is.over(now) && !is.is {
			delete(b, at)
		}
	}
	return len(b) < maxBearers
}

// over says whether one need not be known any more.
func (is *bearer) over(now time.Time) bool {
	if is.is {
		return now.Sub(is.asked) > bearerForget
	}
	return now.Sub(is.checked) > bearerAgain && !is.due
}

// forget removes those that nobody asks for any more, and says whether flows are about one.
func (b bearers) forget(now time.Time) (changed bool) {
	for at, is := range b {
		if is.over(now) {
			changed = changed || is.is
			delete(b, at)
		}
	}
	return changed
}

// of returns the addresses in a VLAN that the fabric answers for.
func (b bearers) of(vlan uint16) (list []netip.Addr) {
	for at, is := range b {
		if at.vlan == vlan && is.is {
			list = append(list, at.address)
		}
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return list
}

// meant notes that a host asks for an address where the switch itself decides. k.mu is held.
func (k *Keeper) meant(at, by place, frame []byte) {
	if s := k.hosts.all[at]; s != nil && (s.refused == nil || errors.Is(s.refused, errElsewhere)) {
		return // it answers; and who says to have a container's address does not for that
	}
	if k.link == nil || len(frame) > maxFrame {
		return
	}
	if k.bearers.ask(at, by, frame, time.Now()) {
		select {
		case k.asks <- struct{}{}:
		default:
		}
	}
}

// findAll looks up who bears the addresses that hosts ask for.
func (k *Keeper) findAll(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.asks:
		}
		if k.findOnce(ctx) {
			if err := k.refresh(ctx); err != nil && ctx.Err() == nil && linkspan.CodeOf(err) != linkspan.Unavailable {
				k.options.Log.Error("flows of br-switch are not as they should be", slog.Any("error", err))
			}
		}
		k.deliverFirst()
	}
}

// findOnce looks up those that were asked for since it did so last, and says whether flows change.
func (k *Keeper) findOnce(ctx context.Context) (changed bool) {
	networks := k.networks()
	k.mu.Lock()
	link, due := k.link, make(map[place]linkspan.Network)
	for at, is := range k.bearers {
		if v := k.is.wish.vlan(at.vlan); is.due && v != nil {
			due[at] = networks[v.network]
		}
		is.due = false
	}
	k.mu.Unlock()
	for at, n := range due {
		is, err := link.contains(ctx, n, at.address)
		if err != nil {
			k.options.Log.Debug("nobody knows who has an address", slog.Any("address", at.address), slog.Any("error", err))
			continue // as it was
		}
		changed = k.bears(at, is) || changed
	}
	return changed
}

// bears notes whether an address is a container's, and says whether that is news.
func (k *Keeper) bears(at place, is bool) (changed bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	b := k.bearers[at]
	if b == nil {
		return false
	}
	if s := k.hosts.all[b.by]; is && s != nil && b.frame != nil {
		s.first = b.frame
	}
	changed, b.is, b.frame = b.is != is, is, nil
	return changed
}

// errAlone is never changed.
var errAlone = &linkspan.Error{Code: linkspan.Unavailable, Message: "no controller is there to ask"}

// contains says whether an address is that of a container, here or on another switch.
func (l *Link) contains(ctx context.Context, n linkspan.Network, a netip.Addr) (bool, error) {
	if l == nil || !n.Leasable(a) {
		return false, nil
	}
	for _, e := range l.Fabric.Endpoints() {
		if e.Network == n.ID && e.Attached() && (e.Address == a || e.Address6 == a) {
			return !isHost(e.Container), nil
		}
	}
	if l.Names == nil {
		return false, nil
	}
	if connected, _ := l.Fabric.Ready(); !connected {
		return false, errAlone
	}
	ctx, cancel := context.WithTimeout(ctx, attachLimit)
	defer cancel()
	name, err := l.Names.Bearer(ctx, n.ID, a)
	return name != "" && !isHost(name), err
}

// recallBearers takes over whom a process before has found. k.mu is held.
func (k *Keeper) recallBearers(c *channel) {
	for _, f := range c.have {
		at, ok := place{}, f.Cookie == dispatch.CookieBearer
		if ok {
			at.vlan, at.address, ok = f.Bearer()
		}
		if ok && k.bearers[at] == nil && len(k.bearers) < maxBearers {
			k.bearers[at] = &bearer{is: true, asked: time.Now()}
		}
	}
}
