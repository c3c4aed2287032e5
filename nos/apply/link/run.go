// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
)

// Run keeps the static routes with what can be reached, as interfaces come, go, and get and lose
// addresses. It ends with ctx.
func (l *Links) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := l.follow(ctx); err != nil {
			l.log.Warn("changes of interfaces were lost", slog.Any("error", err)) // the kernel had no room for them
		}
		select {
		case <-ctx.Done():
		case <-time.After(settle):
		}
	}
	return nil
}

// settle is how long it is waited after a change, as they come in swarms.
const settle = 20 * time.Millisecond

// room is how many messages of a change wait.
const room = 256

// follow follows the kernel's changes until ctx ends or some are lost.
func (l *Links) follow(ctx context.Context) error {
	done := make(chan struct{})
	defer close(done)
	links, addresses := make(chan netlink.LinkUpdate, room), make(chan netlink.AddrUpdate, room)
	if err := errors.Join(netlink.LinkSubscribe(links, done), netlink.AddrSubscribe(addresses, done)); err != nil {
		return fmt.Errorf("follow interfaces: %w", err)
	}
	var last []netip.Prefix
	now := time.After(0)
	for {
		open := true
		select {
		case <-ctx.Done():
			return nil
		case _, open = <-links:
		case _, open = <-addresses:
		case <-now:
			now = nil
			last = l.followed(ctx, last)
			continue
		}
		if !open {
			return errors.New("the kernel has closed the subscription")
		}
		if now == nil {
			now = time.After(settle)
		}
	}
}

// followed looks at what can be reached, and makes the routes anew if it is not what it was.
// What somebody else did to the routes meanwhile is left for people to see.
func (l *Links) followed(ctx context.Context, last []netip.Prefix) []netip.Prefix {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.known {
		return nil
	}
	all, err := l.devices(ctx)
	if err != nil {
		l.log.Warn("interfaces cannot be listed", slog.Any("error", err))
		return nil
	}
	reached := slices.Compact(slices.SortedFunc(slices.Values(connected(all)), netip.Prefix.Compare))
	if slices.Equal(reached, last) {
		return last
	}
	if err := l.become(ctx, l.want.active(reached)); err != nil && ctx.Err() == nil {
		l.log.Warn("static routes are not as they should be", slog.Any("error", err))
	}
	return reached
}
