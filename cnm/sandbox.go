// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"cmp"
	"slices"
	"time"

	"github.com/linkspan/linkspan/ovs/netns"
)

// Sandbox is a network namespace with the endpoints that are joined to it. One
// of Docker's is known by its path only.
type Sandbox struct {
	ID        string     `json:"id,omitempty"`   // empty: made by somebody else
	Name      string     `json:"name,omitempty"` // unique among those with an id
	Key       string     `json:"key"`            // path of the namespace
	Given     bool       `json:"given,omitzero"` // the path was given to NewSandbox, which made no namespace
	Created   time.Time  `json:"created,omitzero"`
	Removing  *Removal   `json:"removing,omitempty"` // nil: in use
	Endpoints []Endpoint `json:"-"`                  // sorted by id
}

// Sandboxes returns the sandboxes that NewSandbox made and all others that have
// an endpoint, sorted by key.
func (c *Controller) Sandboxes() []Sandbox {
	joined := c.joinedByKey()
	sandboxes := c.ledger.allSandboxes(func(s Sandbox) bool { return s.Removing == nil })
	for i, s := range sandboxes {
		sandboxes[i].Endpoints = joined[s.Key]
		delete(joined, s.Key)
	}
	for key, endpoints := range joined {
		sandboxes = append(sandboxes, Sandbox{Key: key, Endpoints: endpoints})
	}
	slices.SortFunc(sandboxes, func(a, b Sandbox) int { return cmp.Compare(a.Key, b.Key) })
	return sandboxes
}

func (c *Controller) joinedByKey() map[string][]Endpoint {
	joined := make(map[string][]Endpoint)
	for _, e := range c.Endpoints() {
		if e.State == Joined {
			joined[e.SandboxKey] = append(joined[e.SandboxKey], e)
		}
	}
	return joined
}

// Sandbox returns the sandbox of NewSandbox with the id or the key. The error
// has code NotFound.
func (c *Controller) Sandbox(id string) (Sandbox, error) {
	for _, s := range c.Sandboxes() {
		if s.ID != "" && (s.ID == id || s.Key == id) {
			return s, nil
		}
	}
	return Sandbox{}, notFound("sandbox", id)
}

// boxOf returns the record of the sandbox with that key, if it is one of
// NewSandbox.
func (c *Controller) boxOf(key string) (Sandbox, bool) {
	all := c.ledger.allSandboxes(func(s Sandbox) bool { return s.Key == key && key != "" && s.Removing == nil })
	if len(all) == 0 {
		return Sandbox{}, false
	}
	return all[0], true
}

// Do runs fn on a thread of its own inside the sandbox: sockets that it opens
// and programs that it starts are there. fn must not start goroutines that
// count on that. The error has code NotFound when the sandbox is gone.
func (s Sandbox) Do(fn func() error) error {
	box, err := netns.Open(s.Key)
	if err != nil {
		return err
	}
	defer func() { _ = box.Close() }() // nothing was written through it that closing could lose
	return box.Do(fn)
}
