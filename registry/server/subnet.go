// SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust/audit"
)

// tellEvery is how often it is told that an address is refused.
const tellEvery = time.Minute

// Guard returns a listener that closes connections from addresses outside of the subnets
// before anything is read of them, and tells so once a minute for an address. Without
// subnets everybody may connect.
func (s *Server) Guard(l net.Listener, subnets []netip.Prefix) net.Listener {
	if len(subnets) == 0 {
		return l
	}
	return &guarded{Listener: l, subnets: subnets, server: s, told: map[netip.Addr]time.Time{}}
}

type guarded struct {
	net.Listener
	subnets []netip.Prefix
	server  *Server

	mu   sync.Mutex
	told map[netip.Addr]time.Time
}

// Accept implements net.Listener.
func (g *guarded) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from, _ := netip.ParseAddrPort(conn.RemoteAddr().String())
		if g.inside(from.Addr()) {
			return conn, nil
		}
		_ = conn.Close() // who is refused does not hear why
		if g.untold(from.Addr().Unmap()) {
			g.tell(from.Addr().Unmap())
		}
	}
}

func (g *guarded) inside(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, p := range g.subnets {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// untold says whether nobody was told of an address lately.
func (g *guarded) untold(a netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.server.config.Now()
	if at, ok := g.told[a]; ok && now.Sub(at) < tellEvery {
		return false
	}
	if len(g.told) >= maxSources {
		clear(g.told)
	}
	g.told[a] = now
	return true
}

func (g *guarded) tell(a netip.Addr) {
	c := g.server.config
	text := fmt.Sprintf("%s is in none of the management subnets %v", a, g.subnets)
	c.Log.Warn("a client was refused", slog.Any("from", a), slog.Any("management_subnets", g.subnets))
	c.Audit(audit.Entry{Kind: audit.Denied, How: "registry", From: a.String(), Text: "connect", Error: text})
	c.Event(linkspan.Event{Time: c.Now(), Kind: linkspan.ClientRefused, Subject: a.String(), Message: text + "; add one with --management-subnet"})
}
