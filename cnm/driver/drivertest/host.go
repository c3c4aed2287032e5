// SPDX-License-Identifier: Apache-2.0

package drivertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/ipam/null"
	"github.com/linkspan/linkspan/cnm/ipam/pool"
	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/memory"
)

// Patience bounds what is waited for.
const Patience = 30 * time.Second

// Host is a controller with one driver, for tests of how packets flow: its
// sandboxes are real network namespaces.
type Host struct {
	*cnm.Controller
	Store kv.Store

	t       *testing.T
	folder  string
	drivers map[string]cnm.Driver
}

// NewHost returns a controller with IPAMs pool and null.
func NewHost(t *testing.T, driver string, d cnm.Driver) *Host {
	t.Helper()
	// Package net finds out once which families there are: here, where the
	// loopback is up, and not in some sandbox where it is not.
	if l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0"); err == nil {
		_ = l.Close()
	}
	h := &Host{Store: memory.New(), t: t, folder: filepath.Join(t.TempDir(), "netns")}
	t.Cleanup(func() { _ = h.Store.Close() })
	h.Restart(driver, d)
	t.Cleanup(h.clear)
	return h
}

// Restart opens the store again, as a new process would, with a new driver.
func (h *Host) Restart(driver string, d cnm.Driver) {
	h.t.Helper()
	h.drivers = map[string]cnm.Driver{driver: d}
	c, err := cnm.New(cnm.Options{
		Store: h.Store, Drivers: h.drivers, Sandboxes: h.folder,
		IPAMs: map[string]cnm.IPAM{"pool": pool.New(pool.Options{}), "null": null.New()},
	})
	must(h.t, err)
	h.Controller = c
}

// clear removes everything, in the order of life.
func (h *Host) clear() {
	ctx := h.t.Context() // cancelled in clean-ups
	ctx, cancel := detached(ctx)
	defer cancel()
	var errs []error
	for s := range h.WalkSandboxes() {
		if s.ID != "" {
			errs = append(errs, h.DeleteSandbox(ctx, s.ID))
		}
	}
	for e := range h.WalkEndpoints("") {
		errs = append(errs, h.DeleteEndpoint(ctx, e.Network, e.ID))
	}
	for n := range h.WalkNetworks() {
		errs = append(errs, h.DeleteNetwork(ctx, n.ID))
	}
	if err := errors.Join(errs...); err != nil {
		h.t.Error(err)
	}
}

// Net makes a network.
func (h *Host) Net(spec cnm.NetworkSpec) cnm.Network {
	h.t.Helper()
	for name := range h.drivers {
		spec.Driver = name
	}
	n, err := h.NewNetwork(h.t.Context(), spec)
	must(h.t, err)
	return n
}

// Box makes a sandbox with an endpoint in each of the networks.
func (h *Host) Box(name string, in ...cnm.Network) Box {
	h.t.Helper()
	return h.BoxWith(name, nil, in...)
}

// BoxWith publishes ports of the first endpoint.
func (h *Host) BoxWith(name string, ports []cnm.PortMap, in ...cnm.Network) Box {
	h.t.Helper()
	s, err := h.NewSandbox(h.t.Context(), cnm.SandboxSpec{Name: name})
	must(h.t, err)
	b := Box{t: h.t, Sandbox: s}
	for i, n := range in {
		e, err := h.NewEndpoint(h.t.Context(), cnm.EndpointSpec{Name: name, Network: n.ID})
		must(h.t, err)
		req := cnm.JoinRequest{Network: n.ID, Endpoint: e.ID, SandboxKey: s.Key}
		if i == 0 {
			req.PortMaps = ports
		}
		_, err = h.Join(h.t.Context(), req)
		must(h.t, err)
		e, err = h.Endpoint(e.ID)
		must(h.t, err)
		b.Endpoints = append(b.Endpoints, e)
	}
	return b
}

// Box is a sandbox with endpoints, for sending from and to.
type Box struct {
	cnm.Sandbox
	t         *testing.T
	Endpoints []cnm.Endpoint
}

// Address returns that of endpoint i.
func (b Box) Address(i int) netip.Addr { return b.Endpoints[i].Address.Addr() }

// Address6 returns the IPv6 address of endpoint i.
func (b Box) Address6(i int) netip.Addr { return b.Endpoints[i].Address6.Addr() }

// Serve answers every TCP connection to the port with the address it came from.
func (b Box) Serve(port uint16) {
	b.t.Helper()
	must(b.t, b.Do(func() error {
		l, err := new(net.ListenConfig).Listen(b.t.Context(), "tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			return err
		}
		b.t.Cleanup(func() { _ = l.Close() })
		go answer(l)
		return nil
	}))
}

func answer(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		from, _ := netip.ParseAddrPort(conn.RemoteAddr().String())
		_, _ = io.WriteString(conn, from.Addr().Unmap().String())
		_ = conn.Close()
	}
}

// Dial connects and returns what the other side read as our address. It gives
// up after a time.
func (b Box) Dial(to netip.Addr, port uint16, within time.Duration) (seen string, err error) {
	doErr := b.Do(func() error {
		seen, err = Dial(to, port, within)
		return nil
	})
	return seen, errors.Join(err, doErr)
}

// Dial is Box.Dial from the host.
func Dial(to netip.Addr, port uint16, within time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", netip.AddrPortFrom(to, port).String())
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(within)); err != nil {
		return "", err
	}
	said, err := io.ReadAll(conn)
	return string(said), err
}

// WantReach fails unless the port is reached.
func (b Box) WantReach(to netip.Addr, port uint16, seen string) {
	b.t.Helper()
	got, err := b.Dial(to, port, Patience)
	if err != nil || seen != "" && got != seen {
		b.t.Errorf("%s to %s port %d: seen as %q, %v, want %q", b.Name, to, port, got, err, seen)
	}
}

// cutOff is how long is waited for what shall not come.
const cutOff = 300 * time.Millisecond

// WantCut fails if the port is reached.
func (b Box) WantCut(to netip.Addr, port uint16) {
	b.t.Helper()
	if got, err := b.Dial(to, port, cutOff); err == nil {
		b.t.Errorf("%s reaches %s port %d as %s", b.Name, to, port, got)
	}
}

// Wrap returns a box for a sandbox made otherwise.
func (h *Host) Wrap(s cnm.Sandbox) Box { return Box{t: h.t, Sandbox: s} }
