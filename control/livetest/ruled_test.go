// SPDX-License-Identifier: Apache-2.0

package livetest

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
)

// ruled is a world whose endpoints may talk as rules say.
type ruled struct {
	*world
	rules *controltest.Rules
}

func newRuled(t testing.TB) *ruled {
	rules := controltest.NewRules()
	w := &ruled{newWorldOf(t, control.Config{Decide: rules.Decide, Judge: rules.Judge}), rules}
	// A second network with the addresses of the first.
	w.hub.Update(view.PutNetwork(&linkspan.Network{
		ID: 8, Name: "again", Subnet: netip.MustParsePrefix("10.7.0.0/24"), Idle: idle,
	}))
	for name, like := range map[string]string{"d1": "c1", "d3": "c3"} {
		e := *w.endpoints[like]
		e.Network, e.Port, e.MAC[1] = 8, e.Port+10, 8
		w.endpoints[name] = &e
		w.containers[name] = w.hosts[e.Chassis-1].container(name, &e)
		w.hub.Update(view.PutEndpoint(&e))
	}
	return w
}

// allow changes what from may open to another, and has it take effect.
func (w *ruled) allow(from, to string, classes ...decide.Class) {
	w.t.Helper()
	a, b := view.KeyOf(w.endpoints[from]), view.KeyOf(w.endpoints[to])
	w.rules.Allow(a, b, classes...)
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	if missing := w.hub.Revise(ctx, w.rules.Tell(w.hub, a, b)); len(missing) > 0 {
		w.t.Errorf("chassis %v were not asked", missing)
	}
}

func (w *ruled) at(name, port string) string {
	return net.JoinHostPort(w.endpoints[name].Address.String(), port)
}

func tcp(port uint16) decide.Class { return decide.BlockOf(decide.ProtocolTCP, port, 16) }
func udp(port uint16) decide.Class { return decide.BlockOf(decide.ProtocolUDP, port, 16) }

// run runs a part of the test, whose sockets go with it.
func (w *ruled) run(t *testing.T, name string, part func(t *testing.T)) {
	whole := w.t
	t.Run(name, func(t *testing.T) {
		w.t = t
		part(t)
	})
	w.t = whole
}

// quietStream says how many packets came up while a stream flowed.
func (w *ruled) quietStream(t *testing.T, s *stream) {
	t.Helper()
	eventually(t, "a stream that asks nobody", func() bool {
		before := w.packetIns()
		s.flows(t, "the stream")
		return w.packetIns() == before
	})
}

// echo serves UDP in a container: what comes goes back.
func (w *ruled) echo(name, address string) {
	var c net.PacketConn
	var err error
	inside(w.t, w.containers[name], func() { c, err = new(net.ListenConfig).ListenPacket(w.ctx, "udp4", address) })
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = c.Close() })
	go func() {
		b := make([]byte, 1<<16)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = c.WriteTo(b[:n], from)
		}
	}()
}

// asks sends a datagram until it came back, and says whether it did in a time.
func (w *ruled) asks(from, address string, size int, within time.Duration) bool {
	c, err := w.dial(from, "udp4", address, patience)
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	b := make([]byte, size)
	for deadline := time.Now().Add(within); time.Now().Before(deadline); {
		_, _ = c.Write(b)
		_ = c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		n, err := c.Read(make([]byte, size+1))
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return err == nil && n == size
		}
	}
	return false
}

// connections returns what the host's datapath knows of connections.
func (h *host) connections() string { return h.appctl("dpctl/dump-conntrack") }

// appctl asks the host's ovs-vswitchd.
func (h *host) appctl(command ...string) string {
	h.t.Helper()
	sockets, err := filepath.Glob(filepath.Join(h.dir, "ovs-vswitchd.*.ctl"))
	if err != nil {
		h.t.Fatal(err)
	}
	for _, socket := range slices.Backward(sockets) {
		out, err := try(h.t, append([]string{"ovs-appctl", "-t", socket}, command...)...)
		if err == nil {
			return out
		}
		if _, err := try(h.t, "ovs-appctl", "-t", socket, "version"); err == nil {
			h.t.Fatalf("%s: %s", strings.Join(command, " "), out)
		}
		_ = os.Remove(socket) // of one that was killed
	}
	h.t.Fatal("no ovs-vswitchd answers")
	return ""
}
