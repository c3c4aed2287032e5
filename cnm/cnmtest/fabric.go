// SPDX-License-Identifier: Apache-2.0

package cnmtest

import (
	"context"
	"maps"
	"net/netip"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
)

// Fabric is a controller in memory with one chassis. Fail, if set before use,
// is asked before each operation ("reserve", "attach", "release").
type Fabric struct {
	Kill *Kill
	Fail func(op string) error

	mu       sync.Mutex
	networks map[linkspan.NetworkID]linkspan.Network
	held     map[linkspan.NetworkID]map[netip.Addr]linkspan.Endpoint
}

// Put makes a network known.
func (f *Fabric) Put(n linkspan.Network) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.networks == nil {
		f.networks = make(map[linkspan.NetworkID]linkspan.Network)
		f.held = make(map[linkspan.NetworkID]map[netip.Addr]linkspan.Endpoint)
	}
	f.networks[n.ID] = n
	if f.held[n.ID] == nil {
		f.held[n.ID] = make(map[netip.Addr]linkspan.Endpoint)
	}
}

// Held returns everything that is reserved or attached.
func (f *Fabric) Held() []linkspan.Endpoint {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := []linkspan.Endpoint{}
	for _, held := range f.held {
		for e := range maps.Values(held) {
			all = append(all, e)
		}
	}
	return all
}

// Endpoints implements the Fabric of package hotplug.
func (f *Fabric) Endpoints() []linkspan.Endpoint { return f.Held() }

func (f *Fabric) do(op string, effect func() error) error {
	if f.Fail != nil {
		if err := f.Fail(op); err != nil {
			return err
		}
	}
	return f.Kill.around("fabric "+op, func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		return effect()
	})
}

// Reserve implements the Fabric of package pool.
func (f *Fabric) Reserve(_ context.Context, network linkspan.NetworkID, want netip.Addr, container string) (netip.Addr, error) {
	var got netip.Addr
	err := f.do("reserve", func() error {
		n, ok := f.networks[network]
		if !ok {
			return &linkspan.Error{Code: linkspan.NotFound, Message: "no network " + network.String()}
		}
		var err error
		got, err = f.choose(n, want)
		if err == nil {
			f.held[network][got] = linkspan.Endpoint{
				Network: network, Address: got, Chassis: 1, Container: container, Created: time.Now(),
			}
		}
		return err
	})
	return got, err
}

func (f *Fabric) choose(n linkspan.Network, want netip.Addr) (netip.Addr, error) {
	held := f.held[n.ID]
	subnet := n.Subnet
	if want == netip.IPv6Unspecified() {
		subnet, want = n.Subnet6, netip.Addr{}
	}
	if want.IsValid() {
		if e, ok := held[want]; ok {
			return want, &linkspan.Error{Code: linkspan.Exists, Message: "address " + want.String() + " is taken by " + e.Container}
		}
		return want, nil
	}
	for a := subnet.Addr().Next(); n.IsHost(a); a = a.Next() {
		if _, ok := held[a]; !ok && n.Leasable(a) {
			return a, nil
		}
	}
	return want, &linkspan.Error{Code: linkspan.Exhausted, Message: "no address of " + subnet.String() + " is free"}
}

// Attach implements the Fabric of package hotplug.
func (f *Fabric) Attach(_ context.Context, e linkspan.Endpoint) error {
	return f.do("attach", func() error {
		e.Chassis = 1
		if _, ok := f.held[e.Network][e.Address]; !ok {
			return &linkspan.Error{Code: linkspan.NotFound, Message: "address " + e.Address.String() + " is not reserved"}
		}
		f.held[e.Network][e.Address] = e
		return e.Validate()
	})
}

// Release implements the Fabric of package pool.
func (f *Fabric) Release(_ context.Context, network linkspan.NetworkID, address netip.Addr) error {
	return f.do("release", func() error {
		delete(f.held[network], address)
		return nil
	})
}
