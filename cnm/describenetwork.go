// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"maps"
)

// NetworkDescription is what Docker tells no driver about a network.
type NetworkDescription struct {
	Name   string
	Labels map[string]string
}

// DescribeNetwork notes the description of a network of Docker's that stands for
// none of the fabric, from where others have theirs. Saying the same again changes
// nothing, nor does a description of another network. The error has code
// NotFound when the network is gone.
func (c *Controller) DescribeNetwork(ctx context.Context, id string, is NetworkDescription) error {
	if n, err := c.Network(id); err != nil || is.done(n) {
		return fail("describe network", id, err)
	}
	unlock, err := c.locks.exclusive(ctx, networkLock(id))
	if err != nil {
		return fail("describe network", id, err)
	}
	defer unlock()
	n, err := c.Network(id)
	if err != nil || is.done(n) {
		return fail("describe network", id, err)
	}
	n.Name, n.Labels = is.Name, maps.Clone(is.Labels)
	return fail("describe network", id, c.ledger.commit(ctx, putNetwork(n)))
}

// done says whether there is nothing to note.
func (d NetworkDescription) done(n Network) bool {
	return n.Own || n.Bound() || n.Name == d.Name && maps.Equal(n.Labels, d.Labels)
}
