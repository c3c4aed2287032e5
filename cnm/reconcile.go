// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/linkspan/linkspan"
)

// Present is what others hold, as plain data. A nil map or slice means that it
// is not known, and nothing is judged by it.
type Present struct {
	Taken     time.Time           // when reading the lists began
	Networks  map[string]struct{} // ids of Docker's networks
	Endpoints map[string]struct{} // ids of endpoints of Docker's running containers
	Fabric    []linkspan.Endpoint // the fabric's endpoints and reservations of this chassis
}

// Swept counts what Reconcile took away.
type Swept struct {
	Networks, Endpoints, Leases int
	Interfaces                  int // ports and links that belonged to no endpoint
	Orphans                     int // addresses that only the fabric knew
}

// Reconcile takes away what only this controller, only the host or only the
// fabric knows: endpoints and networks that Docker does not have, addresses
// that no endpoint uses, interfaces of no endpoint, and the fabric's addresses
// of no lease. What Docker may be about to use is left alone: an endpoint that
// it has not shown yet and an address that no endpoint has had yet, if younger
// than Grace, counted back from Taken. Call it at the start and from time to time.
func (c *Controller) Reconcile(ctx context.Context, present Present) (Swept, error) {
	before := present.Taken.Add(-Grace)
	var swept Swept
	errs := []error{
		c.sweepEndpoints(ctx, present, before, &swept),
		c.sweepNetworks(ctx, present, before, &swept),
		c.sweepLeases(ctx, present.Taken, &swept),
		c.sweepInterfaces(ctx, &swept),
		c.sweepFabric(ctx, present, before, &swept),
	}
	if swept != (Swept{}) {
		c.log.Info("leftovers removed", "networks", swept.Networks, "endpoints", swept.Endpoints,
			"leases", swept.Leases, "interfaces", swept.Interfaces, "orphans", swept.Orphans)
	}
	return swept, errors.Join(errs...)
}

func (c *Controller) sweepEndpoints(ctx context.Context, present Present, before time.Time, swept *Swept) error {
	if present.Endpoints == nil {
		return nil
	}
	var errs []error
	for _, e := range c.Endpoints() {
		if _, ok := present.Endpoints[e.ID]; ok || e.Own || !e.Seen && e.Created.After(before) {
			continue
		}
		swept.Endpoints++
		errs = append(errs, c.DeleteEndpoint(ctx, e.Network, e.ID))
		errs = append(errs, c.releaseOf(ctx, e))
	}
	return errors.Join(errs...)
}

// releaseOf frees the addresses of an endpoint that was swept.
func (c *Controller) releaseOf(ctx context.Context, e Endpoint) error {
	n, ok := c.ledger.network(e.Network)
	if !ok {
		return nil
	}
	var errs []error
	for _, address := range e.Addresses() {
		if pool := n.PoolOf(address.Addr()); pool != "" {
			errs = append(errs, c.ReleaseAddress(ctx, pool, address.Addr()))
		}
	}
	return errors.Join(errs...)
}

func (c *Controller) sweepNetworks(ctx context.Context, present Present, before time.Time, swept *Swept) error {
	if present.Networks == nil {
		return nil
	}
	var errs []error
	for _, n := range c.Networks() {
		if _, ok := present.Networks[n.ID]; ok || n.Own || n.Created.After(before) || len(c.endpointsOf(n.ID)) > 0 {
			continue
		}
		swept.Networks++
		errs = append(errs, c.DeleteNetwork(ctx, n.ID))
	}
	return errors.Join(errs...)
}

// sweepLeases frees addresses whose CreateEndpoint or ReleaseAddress never came.
func (c *Controller) sweepLeases(ctx context.Context, taken time.Time, swept *Swept) error {
	var errs []error
	for _, lease := range c.Leases() {
		grace := Grace
		if lease.Left {
			grace = ReleaseWait
		}
		if lease.Endpoint != "" || lease.Since.After(taken.Add(-grace)) {
			continue
		}
		swept.Leases++
		errs = append(errs, c.ReleaseAddress(ctx, lease.Pool, lease.Address.Addr()))
	}
	return errors.Join(errs...)
}

func (c *Controller) sweepInterfaces(ctx context.Context, swept *Swept) error {
	var errs []error
	for name, driver := range c.parts.drivers {
		sweeper, ok := driver.(Sweeper)
		if !ok {
			continue
		}
		n, err := sweeper.Sweep(ctx, func() []Endpoint { return c.ledger.allEndpoints(nil) })
		swept.Interfaces += n
		if err != nil {
			errs = append(errs, fail("sweep driver", name, err))
		}
	}
	return errors.Join(errs...)
}

func (c *Controller) sweepFabric(ctx context.Context, present Present, before time.Time, swept *Swept) error {
	var errs []error
	for _, e := range present.Fabric {
		lease := Lease{Fabric: e.Network, Address: netip.PrefixFrom(e.Address, e.Address.BitLen())}
		if e.Created.After(before) {
			continue
		}
		done, err := c.reclaim(ctx, lease)
		if err != nil {
			errs = append(errs, err)
		} else if done {
			swept.Orphans++
		}
	}
	return errors.Join(errs...)
}

// reclaim frees an address that no lease of this host is for. Nobody may be
// requesting addresses of that network meanwhile: it could be the one given.
func (c *Controller) reclaim(ctx context.Context, lease Lease) (bool, error) {
	unlock, ok := c.locks.try(addressesLock(lease.scope()))
	if !ok {
		return false, nil
	}
	defer unlock()
	if _, ok := c.ledger.lease(lease.key()); ok {
		return false, nil
	}
	for _, ipam := range c.parts.ipams {
		if reclaimer, ok := ipam.(Reclaimer); ok {
			return true, reclaimer.Reclaim(ctx, lease.Fabric, lease.Address.Addr())
		}
	}
	return false, nil
}
