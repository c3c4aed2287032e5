// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/linkspan/linkspan/ovs/talk"
	"github.com/linkspan/linkspan/wire/openflow"
)

const (
	firstBackoff = 5 * time.Millisecond
	lastBackoff  = 200 * time.Millisecond
	retry        = time.Second // of flows that the bridge has refused
)

// Run follows the bridge, while a configuration needs it, until ctx ends, and returns its error: an ovs-vswitchd that starts
// anew, and so has lost all flows, gets them back at once; interfaces that come
// or change their OpenFlow port get theirs.
func (p *Part) Run(ctx context.Context) error {
	for wait := firstBackoff; ctx.Err() == nil; wait = min(2*wait, lastBackoff) {
		if !p.isNeeded() {
			select {
			case <-p.needed:
			case <-ctx.Done():
			}
			continue
		}
		conn, err := p.options.Dial(ctx)
		if err == nil {
			wait = firstBackoff
			p.follow(ctx, conn)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	return ctx.Err()
}

// follow serves one connection until it ends.
func (p *Part) follow(ctx context.Context, socket net.Conn) {
	changed := make(chan struct{}, 1)
	conn, err := talk.Open(ctx, socket, talk.Config{
		Async: openflow.Async{PortStatus: [2]uint32{7, 7}},
		Event: func(m openflow.Message) {
			if m.Type() == openflow.TypePortStatus {
				wake(changed)
			}
		},
	})
	if err != nil {
		return // it went away again
	}
	defer conn.Close()
	defer p.become(nil, Facts{})
	began := time.Now()
	for first := true; ; {
		var again <-chan time.Time
		switch err := p.look(ctx, conn, first); {
		case err != nil:
			p.options.Log.WarnContext(ctx, "flows of br-switch are not as they should be", slog.Any("error", err))
			again = time.After(retry)
		case first:
			p.options.Log.InfoContext(ctx, "br-switch is there", slog.Duration("took", time.Since(began)))
			first = false
		}
		select {
		case <-changed:
		case <-again:
		case <-conn.Gone():
			return
		case <-ctx.Done():
			return
		}
	}
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// look learns which ports the bridge has, and writes what follows from that.
func (p *Part) look(ctx context.Context, conn *talk.Conn, first bool) error {
	facts, err := p.factsOf(ctx, conn)
	if err != nil {
		return err
	}
	p.become(conn, facts)
	if err := p.take(ctx); err != nil {
		return err
	}
	defer p.give()
	if first {
		p.written = nil
	}
	if p.tree == nil {
		return nil
	}
	_, err = p.write(ctx, conn, facts)
	return err
}

func (p *Part) factsOf(ctx context.Context, conn *talk.Conn) (Facts, error) {
	ports, err := conn.Ports(ctx)
	f := Facts{Ports: make(map[string]uint32, len(ports))}
	if p.options.Access != nil {
		f.Access = p.options.Access()
	}
	for i := range ports {
		if n := ports[i].Number; n <= maxPort {
			f.Ports[ports[i].Name()] = n
		}
	}
	return f, err
}

// maxPort is the greatest number of an ordinary port of Open vSwitch, whose own have 16 bits.
const maxPort = 0xfeff
