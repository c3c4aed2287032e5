// SPDX-License-Identifier: Apache-2.0

package cnmtest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/shape"
)

// Bridge is a bridge in memory. It does not ask whether links exist. Fail, if
// set, is asked before ports are added or deleted.
type Bridge struct {
	Kill *Kill
	Fail func() error

	mu    sync.Mutex
	ports map[string]ovs.Port
}

// AddPort implements the Ports of package hotplug.
func (b *Bridge) AddPort(_ context.Context, p ovs.Port) error {
	return b.do("add port", func() error {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, other := range b.ports {
			if other.OFPort == p.OFPort && other.Name != p.Name {
				return &linkspan.Error{Code: linkspan.Conflict, Message: other.Name + " has that number"}
			}
		}
		if b.ports == nil {
			b.ports = make(map[string]ovs.Port)
		}
		b.ports[p.Name] = p
		return p.Validate()
	})
}

// DropPort implements the Ports of package hotplug.
func (b *Bridge) DropPort(_ context.Context, name string) error {
	return b.do("delete port", func() error {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.ports, name)
		return nil
	})
}

func (b *Bridge) do(op string, effect func() error) error {
	if b.Fail != nil {
		if err := b.Fail(); err != nil {
			return err
		}
	}
	return b.Kill.around(op, effect)
}

// Ports implements the Ports of package hotplug.
func (b *Bridge) Ports(context.Context) ([]ovs.PortStatus, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := []ovs.PortStatus{}
	for _, name := range slices.Sorted(maps.Keys(b.ports)) {
		p := b.ports[name]
		list = append(list, ovs.PortStatus{Name: name, OFPort: p.OFPort, Requested: p.OFPort, ExternalIDs: p.ExternalIDs})
	}
	return list, nil
}

// Links are the links of a host in memory.
type Links struct {
	Kill *Kill

	mu     sync.Mutex
	veths  map[string]netns.Veth
	limits map[string]linkspan.Limits // of those that have some
}

// Create implements the Links of package hotplug.
func (l *Links) Create(_ context.Context, v netns.Veth) error {
	return l.Kill.around("create link", func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.veths == nil {
			l.veths = make(map[string]netns.Veth)
		}
		l.veths[v.Host] = v
		return v.Validate()
	})
}

// Limit implements the Links of package hotplug.
func (l *Links) Limit(ctx context.Context, v netns.Veth, limits linkspan.Limits) error {
	inner := v
	inner.Host = shape.Inner(v.Host)
	return errors.Join(l.Create(ctx, v), l.Create(ctx, inner), l.Kill.around("limit link", func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.limits == nil {
			l.limits = make(map[string]linkspan.Limits)
		}
		l.limits[v.Host] = limits
		return limits.Validate()
	}))
}

// Mend implements the Links of package hotplug.
func (l *Links) Mend(_ context.Context, limits map[string]linkspan.Limits) (mended []string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, host := range slices.Sorted(maps.Keys(limits)) {
		if _, there := l.veths[host]; there && l.limits[host] != limits[host] {
			l.limits[host] = limits[host]
			mended = append(mended, host)
		}
	}
	return mended, nil
}

// Limits returns those of the veth with that host end.
func (l *Links) Limits(host string) linkspan.Limits {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.limits[host]
}

// Loosen takes the limits of a veth away behind everybody's back.
func (l *Links) Loosen(host string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.limits, host)
}

// Delete implements the Links of package hotplug.
func (l *Links) Delete(_ context.Context, name string) error {
	return l.Kill.around("delete link", func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.veths, name)
		delete(l.limits, name)
		return nil
	})
}

// List implements the Links of package hotplug.
func (l *Links) List(_ context.Context, prefix string) ([]netns.Link, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := []netns.Link{}
	for _, name := range slices.Sorted(maps.Keys(l.veths)) {
		if strings.HasPrefix(name, prefix) {
			list = append(list, netns.Link{Name: name, MTU: l.veths[name].MTU, Up: true})
		}
	}
	return list, nil
}

// Veth returns the veth with that host end.
func (l *Links) Veth(host string) (netns.Veth, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := l.veths[host]
	return v, ok
}
