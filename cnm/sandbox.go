// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"cmp"
	"slices"
)

// Sandbox is a network namespace with the endpoints that are joined to it. On
// a host with Docker it is Docker's, and known by its path only.
type Sandbox struct {
	Key       string     // path of the namespace
	Endpoints []Endpoint // sorted by id
}

// Sandboxes returns the sandboxes that have an endpoint, sorted by key.
func (c *Controller) Sandboxes() []Sandbox {
	byKey := make(map[string][]Endpoint)
	for _, e := range c.Endpoints() {
		if e.State == Joined {
			byKey[e.SandboxKey] = append(byKey[e.SandboxKey], e)
		}
	}
	sandboxes := make([]Sandbox, 0, len(byKey))
	for key, endpoints := range byKey {
		sandboxes = append(sandboxes, Sandbox{Key: key, Endpoints: endpoints})
	}
	slices.SortFunc(sandboxes, func(a, b Sandbox) int { return cmp.Compare(a.Key, b.Key) })
	return sandboxes
}
