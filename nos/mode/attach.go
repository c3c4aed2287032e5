// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/forward/dispatch"
)

// ripe says whether it is time to plug a host. Where the switch itself decides, one behind a trunk may well be
// on a port of another switch, which is the better one to have it: so that one has a start, and whom another has is
// not asked for often. k.mu is held.
func (k *Keeper) ripe(s *station, v *vlan, now time.Time) bool {
	p := k.is.wish.of(s.device)
	if p == nil || k.is.wish.at(p, v) == dispatch.SDN {
		return now.Sub(s.tried) >= retryAfter
	}
	if s.refused != nil {
		return now.Sub(s.tried) >= retryRefused
	}
	_, tagged := p.carries(v.id)
	return now.Sub(s.tried) >= retryAfter && (!tagged || now.Sub(s.came) >= startOfOthers)
}

// attach reserves a host's addresses and stores it as an endpoint. An address that is a
// container's is not a host's, whoever says so.
func (s *station) attach(ctx context.Context, l *Link) error {
	ctx, cancel := context.WithTimeout(ctx, attachLimit)
	defer cancel()
	mine, err := s.mine(ctx, l)
	if err != nil {
		return err
	}
	if !mine {
		if _, err := l.Fabric.Reserve(ctx, s.of, s.address, s.name()); err != nil {
			return fmt.Errorf("reserve the address of the host at port %s: %w", s.device, err)
		}
	}
	if err := s.reserve6(ctx, l.Fabric); err != nil {
		return err
	}
	if err := l.Fabric.Attach(ctx, s.endpoint()); err != nil {
		return fmt.Errorf("attach %s at port %s: %w", s.address, s.device, err)
	}
	return nil
}

// mine says whether a host's address is stored as its own on this switch. The error says whose it is else: to
// ask is cheaper than to be refused.
func (s *station) mine(ctx context.Context, l *Link) (bool, error) {
	for _, e := range l.Fabric.Endpoints() {
		if e.Network != s.of || e.Address != s.address {
			continue
		}
		if e.ID == s.id() || e.ID == "" && e.Container == s.name() {
			return true, nil
		}
		return false, s.taken("endpoint "+e.Container, nil)
	}
	if l.Names == nil {
		return false, nil
	}
	name, err := l.Names.Bearer(ctx, s.of, s.address)
	switch {
	case err == nil && name == s.name():
		err = s.taken("a host on another switch", errElsewhere)
	case err == nil && name != "":
		err = s.taken("endpoint "+name+" on another switch", nil)
	}
	return false, err
}

// taken is the error about an address that is another's.
func (s *station) taken(by string, because error) error {
	return &linkspan.Error{Code: linkspan.Exists, Message: fmt.Sprintf("address %s of the host at port %s is that of %s", s.address, s.device, by), Err: because}
}

// errElsewhere is why a host is refused that another switch has as its own. It is never changed.
var errElsewhere = errors.New("it is heard here by way of that one")

// reserve6 reserves a host's address of IPv6. One that is somebody else's is not its.
func (s *station) reserve6(ctx context.Context, f Fabric) error {
	if !s.address6.IsValid() || slices.ContainsFunc(f.Endpoints(), func(e linkspan.Endpoint) bool { return e.Network == s.of && e.Address == s.address6 }) {
		return nil
	}
	_, err := f.Reserve(ctx, s.of, s.address6, s.name())
	switch {
	case linkspan.CodeOf(err) == linkspan.Exists: // its first one is good all the same
		s.denied, s.address6 = s.address6, netip.Addr{}
	case err != nil:
		return fmt.Errorf("reserve the second address of the host at port %s: %w", s.device, err)
	}
	return nil
}

// refuse notes which hosts were refused as their addresses are somebody else's, and returns the errors without those where
// the switch itself decides: there they are stations all the same. It tells of each once.
func (k *Keeper) refuse(list []*station, errs []error) (left []error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, s := range list {
		is := k.hosts.all[s.place]
		if is == nil || linkspan.CodeOf(errs[i]) != linkspan.Exists {
			left = append(left, errs[i])
			continue
		}
		p, v := k.is.wish.of(is.device), k.is.wish.vlan(is.vlan)
		switch {
		case p == nil || v == nil || k.is.wish.at(p, v) == dispatch.SDN:
			left = append(left, errs[i])
		case is.refused == nil:
			k.options.Log.Info("a host is not in the fabric", slog.Any("host", is), slog.Any("because", errs[i]))
		}
		is.refused = errs[i]
	}
	return left
}

// attachLimit is how long the controller may take to store a host.
const attachLimit = 5 * time.Second

// each calls do for all of a list, several at a time.
func each(list []*station, do func(int, *station)) {
	const atOnce = 8
	var all sync.WaitGroup
	room := make(chan struct{}, atOnce)
	for i, s := range list {
		room <- struct{}{}
		all.Go(func() { do(i, s); <-room })
	}
	all.Wait()
}
