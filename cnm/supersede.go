// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"errors"
	"slices"
)

// Supersede makes way for a network that is about to be created under an id that
// is here already, if a pool waits for it: then whoever made the former one has
// lost it, and nobody was told of its end. It goes, with its endpoints, its
// pool and its addresses. Without such a pool it is the same network, told of
// again, and nothing is done.
func (c *Controller) Supersede(ctx context.Context, req NetworkRequest) error {
	former, ok := c.ledger.network(req.ID)
	if !ok || !slices.ContainsFunc(req.claims(), c.waits) {
		return nil
	}
	c.log.Info("network comes anew, and its end was never told", "network", former.ID, "name", former.Name)
	var errs []error
	for _, e := range c.endpointsOf(former.ID) {
		errs = append(errs, c.DeleteEndpoint(ctx, former.ID, e.ID))
	}
	errs = append(errs, c.DeleteNetwork(ctx, former.ID))
	for _, pool := range []string{former.PoolID, former.PoolID6} {
		if pool != "" {
			errs = append(errs, c.ReleasePool(ctx, pool))
		}
	}
	return errors.Join(errs...)
}

// waits says whether a pool waits to be claimed by a network like that.
func (c *Controller) waits(wish claimWish) bool {
	return len(c.ledger.allPools(func(p Pool) bool { return claimable(p, wish) })) > 0
}
