// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"errors"
	"net"
	"time"

	"golang.org/x/net/ipv4"
)

// maxMessage is the greatest message that is read (RFC 6762, 17), in bytes.
const maxMessage = 9000

// Announcer tells of a registry.
type Announcer struct {
	service Service
	on      []Interface
	conn    *ipv4.PacketConn
}

// Announce opens what a registry is announced by. The error is Unavailable if multicast
// works on none of the interfaces.
func Announce(ctx context.Context, s Service, on []Interface) (*Announcer, error) {
	conn, err := listen(ctx, group().String(), true)
	if err != nil {
		return nil, err
	}
	if err := join(conn, on); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	s.Name = label(s.Name)
	return &Announcer{service: s, on: on, conn: conn}, nil
}

// Run tells of the registry, twice at once (RFC 6762, 8.3), then answers until ctx ends;
// then it says that the registry has gone.
func (a *Announcer) Run(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- a.answer() }()
	for range 2 {
		a.tell(ttl)
		select {
		case <-ctx.Done():
		case err := <-ended:
			return err
		case <-time.After(time.Second):
		}
	}
	select {
	case <-ctx.Done():
		a.tell(0)
		return errors.Join(a.conn.Close(), <-ended)
	case err := <-ended:
		return err
	}
}

// tell sends an answer that nobody asked for. An interface that is down hears of it later.
func (a *Announcer) tell(lifetime uint32) {
	for _, i := range a.on {
		s := a.service
		s.Address = i.Address
		if message, err := s.answer(nil, lifetime); err == nil {
			_ = send(a.conn, message, i)
		}
	}
}

// answer answers questions until the socket is closed.
func (a *Announcer) answer() error {
	buffer := make([]byte, maxMessage)
	for {
		n, control, from, err := a.conn.ReadFrom(buffer)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		q, mine := a.service.readQuestion(buffer[:n])
		sender, ok := from.(*net.UDPAddr)
		if !mine || !ok || control == nil {
			continue
		}
		for _, i := range a.on {
			if i.Index == control.IfIndex {
				a.reply(q, sender, i)
			}
		}
	}
}

// reply answers one question: to all, or to who asked from a port of its own.
func (a *Announcer) reply(q asked, from *net.UDPAddr, on Interface) {
	s := a.service
	s.Address = on.Address
	to := &q
	if from.Port == port {
		to = nil
	}
	message, err := s.answer(to, ttl)
	if err != nil {
		return
	}
	if to == nil && !q.unicast {
		_ = send(a.conn, message, on) // who did not hear asks again
		return
	}
	_, _ = a.conn.WriteTo(message, &ipv4.ControlMessage{IfIndex: on.Index}, from)
}
