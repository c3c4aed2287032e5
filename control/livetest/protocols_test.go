// SPDX-License-Identifier: Apache-2.0

package livetest

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/linkspan/linkspan/control/decide"
)

// TestRevokedAmongProtocols: what is revoked stays revoked while a container sends all
// sorts of protocols, so that the datapath has cached flows of one protocol beside those
// for all. Nothing arrives any more, and what is allowed again arrives again.
func TestRevokedAmongProtocols(t *testing.T) {
	t.Parallel()
	w := newRuled(t)
	whole := decide.Class{}
	for _, to := range []string{"c2", "c3"} {
		w.run(t, to, func(t *testing.T) {
			w.allow(to, "c1", whole)
			w.allow("c1", to, whole)
			s := w.stream("c1", to, "6200", false)
			noise, end := w.noise(t, "c1", to)
			defer end()
			const rounds = 5
			for n := range rounds {
				s.flows(t, fmt.Sprint("the stream, round ", n))
				for _, c := range []decide.Class{tcp(80), udp(80)} { // tracked meanwhile
					w.allow("c1", to, c)
					w.allow("c1", to, whole)
				}
				w.rules.Allow(w.key(to), w.key("c1"))
				w.allow("c1", to)
				w.silent(t, to, noise)
				for _, h := range w.hosts {
					h.fresh(t, fmt.Sprint("revoked, round ", n))
				}
				w.rules.Allow(w.key(to), w.key("c1"), whole)
				w.allow("c1", to, whole)
			}
			s.flows(t, "the stream at the end")
			_ = s.conn.Close()
		})
	}
}

// noise has a container send packets of many protocols to another until end is called,
// and counts them.
func (w *ruled) noise(t *testing.T, from, to string) (sent *atomic.Int64, end func()) {
	t.Helper()
	var conns []net.Conn
	for protocol := 100; protocol < 130; protocol++ {
		c, err := w.dial(from, fmt.Sprint("ip4:", protocol), w.endpoints[to].Address.String(), patience)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	ctx, cancel := context.WithCancel(w.ctx)
	sent = new(atomic.Int64)
	var sender sync.WaitGroup
	sender.Go(func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if _, err := conns[n%len(conns)].Write([]byte("linkspan")); err == nil {
				sent.Add(1)
			}
		}
	})
	return sent, func() { cancel(); sender.Wait() }
}

// silent waits until of hundreds of packets none arrives.
func (w *ruled) silent(t *testing.T, at string, sent *atomic.Int64) {
	t.Helper()
	const packets = 500
	arrived, since := w.arrived(t, at), sent.Load()
	eventually(t, "silence", func() bool {
		if n := w.arrived(t, at); n != arrived {
			arrived, since = n, sent.Load()
		}
		return sent.Load()-since > packets
	})
}

// arrived returns how many packets of IPv4 a container has got.
func (w *ruled) arrived(t *testing.T, name string) int {
	t.Helper()
	out := run(t, "ip", "netns", "exec", w.containers[name], "cat", "/proc/net/snmp")
	names, values := strings.Fields(strings.Split(out, "\n")[0]), strings.Fields(strings.Split(out, "\n")[1])
	for i, field := range names {
		if field == "InReceives" {
			n, err := strconv.Atoi(values[i])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("no InReceives in %q", out)
	return 0
}
