// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// again is how long it is waited until the kernel is followed again.
const again = time.Second

// Run puts filters back at queues that are made anew, once there are filters, until ctx
// ends, and returns its error.
func (p *Part) Run(ctx context.Context) error {
	select {
	case <-p.needed:
	case <-ctx.Done():
	}
	for ctx.Err() == nil {
		if err := p.follow(ctx); err != nil && ctx.Err() == nil {
			p.log.Warn("queues may lack their filters for a time", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
		case <-time.After(again):
		}
	}
	return ctx.Err()
}

// follow hears of queues until ctx ends or the kernel tells no more.
func (p *Part) follow(ctx context.Context) error {
	socket, err := nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_TC)
	if err != nil {
		return fmt.Errorf("hear of queues: %w", err)
	}
	defer socket.Close()
	defer context.AfterFunc(ctx, socket.Close)()
	p.mendAll()
	for {
		news, _, err := socket.Receive()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.EINTR) {
			p.mendAll()
			continue
		}
		if err != nil {
			return fmt.Errorf("hear of queues: %w", err)
		}
		for _, n := range news {
			if n.Header.Type == unix.RTM_NEWQDISC && len(n.Data) >= nl.SizeofTcMsg {
				if m := nl.DeserializeTcMsg(n.Data); m.Handle == discipline {
					p.mend(int(m.Ifindex))
				}
			}
		}
	}
}

// mend makes the filter of a device that has queues again.
func (p *Part) mend(index int) {
	link, err := net.InterfaceByIndex(index)
	if err != nil {
		return // it is gone again
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.renew(link.Name)
}

// mendAll does it for all devices, of which some may have been missed.
func (p *Part) mendAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name := range p.all {
		p.renew(name)
	}
}

func (p *Part) renew(name string) {
	if _, ours := p.all[name]; !ours {
		return
	}
	if _, err := get(name); !errors.Is(err, errNone) {
		return
	}
	if err := ensure(name, p.all); err != nil && !gone(err) {
		p.log.Warn("packets are in queue 0", slog.String("device", name), slog.Any("error", err))
	}
}
