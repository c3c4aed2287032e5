// SPDX-License-Identifier: Apache-2.0

package macvlan

import (
	"context"
	"errors"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
)

// Sweep removes links of no endpoint and parents of no network, and makes the
// parents again that a boot took away.
func (d *Driver) Sweep(ctx context.Context, endpoints func() []cnm.Endpoint) (int, error) {
	links, err := kernel.List(ctx, linkPrefix, parentPrefix)
	if err != nil {
		return 0, err
	}
	keep := make(map[string]bool)
	var errs []error
	for _, n := range d.all() {
		keep[n.parent] = true
		_, err := n.ensureParent()
		errs = append(errs, err)
	}
	for _, e := range endpoints() {
		keep[kernel.Name(linkPrefix, e.ID)] = true
	}
	removed := 0
	for _, link := range links {
		if keep[link.Attrs().Name] {
			continue
		}
		if err := netlink.LinkDel(link); err != nil && !kernel.Missing(err) {
			errs = append(errs, err)
			continue
		}
		removed++
	}
	return removed, errors.Join(errs...)
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
