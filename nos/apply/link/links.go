// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
)

// Options are what links need. The zero value works.
type Options struct {
	File string       // where is kept what the kernel does not know; empty: it does not outlive the process
	Log  *slog.Logger // slog.Default if nil
}

// Links are the devices, addresses and static routes of the process's network
// namespace. Any number of goroutines may use them.
type Links struct {
	kernel
	log    *slog.Logger
	memory *memory

	mu    sync.Mutex // one changes routes
	want  routes     // that are configured
	known bool       // what is configured: before, the routes of an earlier process stay
}

// New returns the links. They are closed by Close.
func New(o Options) (*Links, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	m, err := openMemory(o.File)
	if err != nil {
		return nil, err
	}
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open netlink: %w", err)
	}
	strict, err := strictSocket()
	if err != nil {
		handle.Close()
		return nil, err
	}
	return &Links{kernel: kernel{handle, strict}, log: o.Log, memory: m, want: routes{}}, nil
}

// Close closes the links; what they have made stays.
func (l *Links) Close() {
	l.handle.Close()
	l.strict.Close()
}

// Leaving returns the part of a host that takes addresses away. It stands before the bridge.
func (l *Links) Leaving() config.Host { return leaving{l} }

// Coming returns the part of a host that does all else. It stands behind the bridge.
func (l *Links) Coming() config.Host { return coming{l} }

// change is a device of which two configurations do not say the same.
type change struct {
	name    string
	was, is device
}

// changes returns the devices that change: of a port another VLAN or a description is nothing to
// its device. Of an unknown host those are all of which something is said, or on which something
// may be of ours.
func (l *Links) changes(old, new *tree.Tree) []change {
	before, after := newSays(old), newSays(new)
	names := touched(old, new)
	if old == nil {
		names = slices.Compact(slices.Sorted(slices.Values(slices.Concat(after.all(), l.memory.makers(), l.memory.silenced(), l.memory.downs()))))
	}
	all := make([]change, 0, len(names))
	for _, name := range names {
		if c := (change{name, before.of(name), after.of(name)}); old == nil || !c.was.same(c.is) {
			all = append(all, c)
		}
	}
	return all
}

// patience is how long Open vSwitch may take to make the device of a VLAN's interface,
// and a device to be as it was told to be.
const patience = 5 * time.Second

const patienceStep = 10 * time.Millisecond

// until asks again and again until met returns true, or ctx or the time is over.
func until(ctx context.Context, deadline time.Time, met func() (bool, error)) (bool, error) {
	for {
		done, err := met()
		if done || err != nil || ctx.Err() != nil || time.Now().After(deadline) {
			return done, errors.Join(err, ctx.Err())
		}
		time.Sleep(patienceStep)
	}
}

// await returns a device; of the bridge's making it is waited for.
func (l *Links) await(ctx context.Context, d device, deadline time.Time) (f found, err error) {
	if !d.vlan {
		deadline = time.Time{}
	}
	there, err := until(ctx, deadline, func() (ok bool, err error) {
		f, ok, err = l.device(d.name)
		return ok, err
	})
	if err == nil && !there {
		err = noDevice(d)
	}
	return f, err
}

// make makes a device as is said, after something else was said; addresses only come.
func (l *Links) make(ctx context.Context, was, is device, deadline time.Time) error {
	f, err := l.await(ctx, is, deadline)
	if err != nil {
		return err
	}
	if is.port {
		if err := l.silence(ctx, is.name, f); err != nil {
			return err
		}
	}
	if err := l.resize(f, was, is); err != nil {
		return fmt.Errorf("mtu of %s: %w", is.name, err)
	}
	if err := l.shift(ctx, f, is); err != nil {
		return fmt.Errorf("set %s %s: %w", is.name, upOrDown(is.up), err)
	}
	if !is.port {
		if err := l.speak(is.name, f); err != nil {
			return err
		}
	}
	if err := l.give(f, is); err != nil || !is.up {
		return err
	}
	return l.regain(is.name, f)
}

// shift sets a device up or down.
func (l *Links) shift(ctx context.Context, f found, is device) error {
	switch {
	case f.up == is.up:
		return nil
	case is.up:
		return l.setUp(f, true)
	}
	return l.down(ctx, is, f)
}

// resize sets the MTU that is said; if none is said any more, the one from before.
func (l *Links) resize(f found, was, is device) error {
	want := is.mtu
	if want == 0 && was.mtu != 0 {
		want = l.memory.mtu(is.name)
	}
	switch {
	case want == 0 || want == f.mtu:
		return nil
	case is.mtu == 0:
		return errors.Join(l.setMTU(f, want), l.memory.resetMTU(is.name))
	}
	return errors.Join(l.memory.setsMTU(is.name, f.mtu), l.setMTU(f, want))
}

// give gives a device the addresses that it lacks.
func (l *Links) give(f found, is device) error {
	lacks := slices.DeleteFunc(is.expected(), f.has)
	if len(lacks) == 0 {
		return nil
	}
	if err := set("ipv6/conf/"+is.name+"/ndisc_notify", "1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !is.vlan {
		if err := l.memory.makes(is.name, lacks); err != nil {
			return err
		}
	}
	for _, a := range lacks {
		if err := l.add(f, a); err != nil {
			return fmt.Errorf("address %s of %s: %w", a, is.name, err)
		}
	}
	return nil
}

// take takes addresses from a device; one that is gone has none.
func (l *Links) take(name string, addresses []netip.Prefix) error {
	f, there, err := l.device(name)
	if err != nil {
		return err
	}
	if there {
		// Without it the kernel takes, with an address, those that came later in its prefix.
		if err := set("ipv4/conf/"+name+"/promote_secondaries", "1"); err != nil {
			return err
		}
	}
	for _, a := range addresses {
		if !there || !f.has(a) {
			continue
		}
		if err := l.remove(f, a); err != nil {
			return fmt.Errorf("remove address %s of %s: %w", a, name, err)
		}
	}
	return l.memory.removed(name, addresses)
}

// expected returns the addresses that the device has when it is as is said: one that is
// down has none of IPv6, the kernel takes them (net.ipv6.conf.keep_addr_on_down).
func (d device) expected() []netip.Prefix {
	all := slices.Clone(d.addresses)
	if d.up {
		return all
	}
	return slices.DeleteFunc(all, func(a netip.Prefix) bool { return a.Addr().Is6() })
}

func noDevice(d device) error { return fmt.Errorf("there is no device %s", d.name) }

func upOrDown(up bool) string {
	if up {
		return "up"
	}
	return "down"
}

// route makes the static routes those that are configured, as far as their routers can
// be reached now.
func (l *Links) route(ctx context.Context, want routes) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.want, l.known = want, true
	return l.reroute(ctx)
}

// reroute is called with the lock held.
func (l *Links) reroute(ctx context.Context) error {
	all, err := l.devices(ctx)
	if err != nil {
		return err
	}
	return l.become(ctx, l.want.active(connected(all)))
}

// routed says whether the kernel has the routes that it should have.
func (l *Links) routed(ctx context.Context) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all, err := l.devices(ctx)
	if err != nil {
		return false, err
	}
	have, err := l.routes(ctx)
	return err == nil && maps.EqualFunc(l.want.active(connected(all)), have, slices.Equal[hops]), err
}
