// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"maps"
	"slices"
	"sync"

	"github.com/linkspan/linkspan"
)

// parts are the drivers and IPAMs by name: the tables, which do not change, and
// what was asked for beside them.
type parts struct {
	drivers     map[string]Driver
	ipams       map[string]IPAM
	otherDriver func(name string) Driver
	otherIPAM   func(name string) IPAM

	more *more
}

type more struct {
	mu      sync.Mutex
	drivers map[string]Driver
	ipams   map[string]IPAM
}

func newParts(o Options) parts {
	return parts{
		drivers: o.Drivers, ipams: o.IPAMs, otherDriver: o.OtherDriver, otherIPAM: o.OtherIPAM,
		more: &more{drivers: make(map[string]Driver), ipams: make(map[string]IPAM)},
	}
}

// driversInUse names the drivers of the table and those of records.
func (c *Controller) driversInUse() []string {
	names := slices.Collect(maps.Keys(c.parts.drivers))
	for _, n := range c.ledger.allNetworks(nil) {
		names = append(names, n.Driver)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (c *Controller) driver(name string) (Driver, error) {
	p := c.parts
	driver, ok := part(p.more, name, p.drivers, p.more.drivers, p.otherDriver)
	if !ok {
		return nil, &linkspan.Error{Code: linkspan.NotFound, Message: "no network driver " + name}
	}
	return driver, nil
}

func (c *Controller) ipam(name string) (IPAM, error) {
	p := c.parts
	ipam, ok := part(p.more, name, p.ipams, p.more.ipams, p.otherIPAM)
	if !ok {
		return nil, &linkspan.Error{Code: linkspan.NotFound, Message: "no ipam driver " + name}
	}
	return ipam, nil
}

// part looks in the table, then among what was made before, and then makes it.
func part[P any](m *more, name string, table, made map[string]P, other func(string) P) (P, bool) {
	if p, ok := table[name]; ok || other == nil || name == "" {
		return p, ok
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := made[name]
	if !ok {
		p = other(name)
		made[name] = p
	}
	return p, true
}
