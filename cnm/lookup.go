// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"cmp"
	"maps"
	"slices"

	"github.com/linkspan/linkspan"
)

func (l *ledger) network(id string) (Network, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	n, ok := l.networks[id]
	return n, ok
}

func (l *ledger) endpoint(id string) (Endpoint, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	e, ok := l.endpoints[id]
	return e, ok
}

func (l *ledger) pool(id string) (Pool, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	p, ok := l.pools[id]
	return p, ok
}

func (l *ledger) lease(key string) (Lease, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	ls, ok := l.leases[key]
	return ls, ok
}

func (l *ledger) sandbox(id string) (Sandbox, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s, ok := l.sandboxes[id]
	return s, ok
}

func (l *ledger) allSandboxes(keep func(Sandbox) bool) []Sandbox {
	return collect(l, l.sandboxes, keep, func(s Sandbox) string { return s.ID })
}

func (l *ledger) allNetworks(keep func(Network) bool) []Network {
	return collect(l, l.networks, keep, func(n Network) string { return n.ID })
}

func (l *ledger) allEndpoints(keep func(Endpoint) bool) []Endpoint {
	return collect(l, l.endpoints, keep, func(e Endpoint) string { return e.ID })
}

func (l *ledger) allPools(keep func(Pool) bool) []Pool {
	return collect(l, l.pools, keep, func(p Pool) string { return p.ID })
}

func (l *ledger) allLeases(keep func(Lease) bool) []Lease {
	return collect(l, l.leases, keep, Lease.key)
}

// collect returns the records that keep wants (nil: all), sorted by key.
func collect[T any](l *ledger, records map[string]T, keep func(T) bool, key func(T) string) []T {
	l.mu.RLock()
	defer l.mu.RUnlock()
	list := make([]T, 0, len(records))
	for record := range maps.Values(records) {
		if keep == nil || keep(record) {
			list = append(list, record)
		}
	}
	slices.SortFunc(list, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	return list
}

// Networks returns the networks in use, sorted by id; one that is being
// created or removed is not among them.
func (c *Controller) Networks() []Network {
	return c.ledger.allNetworks(func(n Network) bool { return n.Removing == nil })
}

// Unbound returns those of Networks that are tied to no network of the fabric.
func (c *Controller) Unbound() []Network {
	return c.ledger.allNetworks(func(n Network) bool { return n.Removing == nil && !n.Bound() })
}

// Network returns the network in use with Docker's id. The error has code
// NotFound.
func (c *Controller) Network(id string) (Network, error) {
	n, ok := c.ledger.network(id)
	if !ok || n.Removing != nil {
		return Network{}, notFound("network", id)
	}
	return n, nil
}

// Endpoints returns the endpoints in use, sorted by id.
func (c *Controller) Endpoints() []Endpoint {
	return c.ledger.allEndpoints(func(e Endpoint) bool { return e.Removing == nil })
}

// Endpoint returns the endpoint in use with Docker's id. The error has code
// NotFound.
func (c *Controller) Endpoint(id string) (Endpoint, error) {
	e, ok := c.ledger.endpoint(id)
	if !ok || e.Removing != nil {
		return Endpoint{}, notFound("endpoint", id)
	}
	return e, nil
}

// Pools returns the pools in use, sorted by id.
func (c *Controller) Pools() []Pool {
	return c.ledger.allPools(func(p Pool) bool { return p.Removing == nil })
}

// Leases returns the addresses in use by containers, sorted by network and
// address.
func (c *Controller) Leases() []Lease {
	return c.ledger.allLeases(func(ls Lease) bool { return ls.Removing == nil })
}

func notFound(what, id string) *linkspan.Error {
	return &linkspan.Error{Code: linkspan.NotFound, Message: what + " " + short(id) + " is not known here"}
}

// short cuts one of Docker's long ids to the twelve characters that it shows.
func short(id string) string {
	if len(id) <= 24 {
		return id
	}
	return id[:12]
}
