// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
)

// Controller keeps the networks, endpoints, pools and addresses of one host.
// Its methods run concurrently.
type Controller struct {
	parts   parts
	log     *slog.Logger
	now     func() time.Time
	boxes   string // folder of the sandboxes made here
	ledger  ledger
	locks   locks
	bell    bell          // rings after every change that somebody may wait for
	changes chan struct{} // holds one token

	mu      sync.Mutex
	refused map[string]error // by Network.ID: why it is not bound
	left    map[string]bool  // by Endpoint.ID: the driver took it out, and it has not joined since
}

// New returns a controller with the records of the store. What the last one
// left half done is taken away by [Controller.Run].
func New(options Options) (*Controller, error) {
	if err := options.applyDefaults(); err != nil {
		return nil, err
	}
	c := &Controller{
		parts:   newParts(options),
		log:     options.Log,
		now:     options.Now,
		boxes:   options.Sandboxes,
		ledger:  ledger{store: options.Store},
		changes: make(chan struct{}, 1),
		refused: make(map[string]error),
		left:    make(map[string]bool),
	}
	ctx, cancel := context.WithTimeout(context.Background(), commitLimit)
	defer cancel()
	if err := c.ledger.load(ctx); err != nil {
		return nil, err
	}
	if err := c.restore(); err != nil {
		return nil, err
	}
	if len(c.Networks()) > 0 {
		c.changed()
	}
	return c, nil
}

// restore hands the drivers their records.
func (c *Controller) restore() error {
	for _, name := range c.driversInUse() {
		driver, err := c.driver(name)
		if err != nil {
			continue // its networks stay, and say so when they are used
		}
		restorer, ok := driver.(Restorer)
		if !ok {
			continue
		}
		networks := c.ledger.allNetworks(func(n Network) bool { return n.Driver == name })
		mine := make(map[string]bool, len(networks))
		for _, n := range networks {
			mine[n.ID] = true
		}
		endpoints := c.ledger.allEndpoints(func(e Endpoint) bool { return mine[e.Network] })
		if err := restorer.Restore(networks, endpoints); err != nil {
			return &linkspan.Error{Code: linkspan.CodeOf(err), Op: "restore driver " + name, Err: err}
		}
	}
	return c.restoreIPAMs()
}

// restoreIPAMs hands the IPAMs their records.
func (c *Controller) restoreIPAMs() error {
	for name, ipam := range c.parts.ipams {
		restorer, ok := ipam.(LeaseRestorer)
		if !ok {
			continue
		}
		pools := c.ledger.allPools(func(p Pool) bool { return p.IPAM == name })
		leases := c.ledger.allLeases(func(ls Lease) bool { return ls.IPAM == name })
		if err := restorer.Restore(pools, leases); err != nil {
			return &linkspan.Error{Code: linkspan.CodeOf(err), Op: "restore ipam " + name, Err: err}
		}
	}
	return nil
}

// Changes returns a channel that delivers after networks were created or
// removed, once for several of them, and once at the start when there are any.
// It is for one reader.
func (c *Controller) Changes() <-chan struct{} { return c.changes }

// changed tells the reader of Changes and all who wait.
func (c *Controller) changed() {
	select {
	case c.changes <- struct{}{}:
	default:
	}
	c.bell.ring()
}
