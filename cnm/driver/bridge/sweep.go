// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"errors"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/shape"
)

// Sweep removes bridges and veths of no network and endpoint, and makes again
// what is missing of those that there are: bridges, rules, held ports, limits.
func (d *Driver) Sweep(ctx context.Context, endpoints func() []cnm.Endpoint) (int, error) {
	links, err := kernel.List(ctx, bridgePrefix, PortPrefix, shape.Inner(PortPrefix))
	if err != nil {
		return 0, err
	}
	keep := d.links()
	limited := make(map[string]cnm.Endpoint)
	for _, e := range endpoints() {
		port := kernel.Name(PortPrefix, e.ID)
		keep[port], keep[e.HostInterface] = true, true
		if e.Limits.Any() && e.State == cnm.Joined {
			limited[port] = e
		}
	}
	removed := 0
	errs := []error{d.limitAgain(ctx, limited)}
	for _, link := range links {
		if name := link.Attrs().Name; keep[name] || strings.HasPrefix(name, bridgePrefix) && link.Type() != "bridge" {
			continue
		}
		if err := netns.DeleteLink(ctx, link); err != nil {
			errs = append(errs, err)
			continue
		}
		removed++
	}
	return removed, errors.Join(append(errs, d.mend())...)
}

// limitAgain sets limits again that somebody has changed, by the names of ports,
// and makes those that were gone ports again.
func (d *Driver) limitAgain(ctx context.Context, limited map[string]cnm.Endpoint) error {
	limits := make(map[string]linkspan.Limits, len(limited))
	for port, e := range limited {
		limits[port] = e.Limits
	}
	mended, err := shape.Mend(ctx, limits)
	errs := []error{err}
	for _, port := range mended {
		d.log.Warn("limits of an endpoint were changed on this host, set again", "link", port, "limits", limits[port].String())
		e := limited[port]
		n, err := d.known(cnm.Network{ID: e.Network})
		if err == nil {
			err = n.plug(port, e.ID)
		}
		if err != nil && !kernel.Missing(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// links returns the names of the bridges in use.
func (d *Driver) links() map[string]bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	names := make(map[string]bool, len(d.networks))
	for _, n := range d.networks {
		names[n.link] = true
	}
	return names
}

func (d *Driver) mend() error {
	var errs []error
	for _, n := range d.all() {
		errs = append(errs, n.ensure())
	}
	d.holdAgain()
	return errors.Join(append(errs, d.refilter())...)
}

func (d *Driver) all() []network {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]network, 0, len(d.networks))
	for _, n := range d.networks {
		all = append(all, n)
	}
	return all
}

// holdAgain takes the ports that an earlier process had published. One that
// somebody else has taken meanwhile stays translated.
func (d *Driver) holdAgain() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, bindings := range d.ports {
		for i := range bindings {
			if b := &bindings[i]; !b.Taken() && !b.Routed {
				if err := b.Take(); err != nil {
					d.log.Warn("published port is not held", "port", b.Host, "error", err)
				}
			}
		}
	}
}
