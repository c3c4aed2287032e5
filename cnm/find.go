// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"iter"
	"slices"
	"strings"

	"github.com/linkspan/linkspan"
)

// NetworkByName returns the network in use with the name. The error has code
// NotFound.
func (c *Controller) NetworkByName(name string) (Network, error) {
	for n := range c.WalkNetworks() {
		if n.Name == name && name != "" {
			return n, nil
		}
	}
	return Network{}, notFound("network", name)
}

// EndpointByName returns the endpoint in use of the network with the name,
// which is the endpoint's own or its container's. The error has code NotFound.
func (c *Controller) EndpointByName(network, name string) (Endpoint, error) {
	for e := range c.WalkEndpoints(network) {
		if name != "" && (e.Name == name || e.Container == name) {
			return e, nil
		}
	}
	return Endpoint{}, notFound("endpoint", name)
}

// SandboxByName returns the sandbox with the name. The error has code NotFound.
func (c *Controller) SandboxByName(name string) (Sandbox, error) {
	for _, s := range c.Sandboxes() {
		if s.Name == name && name != "" {
			return s, nil
		}
	}
	return Sandbox{}, notFound("sandbox", name)
}

// FindNetwork returns the network that a person means: by whole id, by name, or
// by the beginning of an id that only one network has. Codes: NotFound,
// Conflict when several begin so.
func (c *Controller) FindNetwork(said string) (Network, error) {
	return find("network", said, c.Networks(), func(n Network) (string, string) { return n.ID, n.Name })
}

// FindSandbox does the same for sandboxes of NewSandbox.
func (c *Controller) FindSandbox(said string) (Sandbox, error) {
	own := slices.DeleteFunc(c.Sandboxes(), func(s Sandbox) bool { return s.ID == "" })
	return find("sandbox", said, own, func(s Sandbox) (string, string) { return s.ID, s.Name })
}

// FindEndpoint does the same for the endpoints of a network.
func (c *Controller) FindEndpoint(network, said string) (Endpoint, error) {
	in := slices.Collect(c.WalkEndpoints(network))
	return find("endpoint", said, in, func(e Endpoint) (string, string) { return e.ID, cmpName(e.Name, e.Container) })
}

func find[T any](what, said string, all []T, keys func(T) (id, name string)) (T, error) {
	var begins []T
	var none T
	for _, whole := range []bool{true, false} { // an id goes before a name
		for _, t := range all {
			id, name := keys(t)
			switch {
			case said == "":
			case whole && id == said, !whole && name == said:
				return t, nil
			case !whole && strings.HasPrefix(id, said):
				begins = append(begins, t)
			}
		}
	}
	switch len(begins) {
	case 0:
		return none, notFound(what, said)
	case 1:
		return begins[0], nil
	}
	return none, &linkspan.Error{
		Code: linkspan.Conflict, Message: "several ids of a " + what + " begin with " + said, Hint: "give more of it",
	}
}

// WalkNetworks yields the networks in use, sorted by id, as they were when the
// walk began.
func (c *Controller) WalkNetworks() iter.Seq[Network] {
	return func(yield func(Network) bool) { slices.Values(c.Networks())(yield) }
}

// WalkEndpoints yields the endpoints in use of a network, sorted by id; of all
// networks when it is empty.
func (c *Controller) WalkEndpoints(network string) iter.Seq[Endpoint] {
	return func(yield func(Endpoint) bool) {
		slices.Values(c.ledger.allEndpoints(func(e Endpoint) bool {
			return e.Removing == nil && (network == "" || e.Network == network)
		}))(yield)
	}
}

// WalkSandboxes yields what Sandboxes returns.
func (c *Controller) WalkSandboxes() iter.Seq[Sandbox] {
	return func(yield func(Sandbox) bool) { slices.Values(c.Sandboxes())(yield) }
}
