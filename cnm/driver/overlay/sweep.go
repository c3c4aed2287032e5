// SPDX-License-Identifier: Apache-2.0

package overlay

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/shape"
)

// Sweep removes links of no network and endpoint, in the namespace of the
// overlay networks and, where a crash left them on their way there, the host's;
// and sets limits again that somebody has changed.
func (d *Driver) Sweep(ctx context.Context, endpoints func() []cnm.Endpoint) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ns, err := d.open()
	if err != nil {
		return 0, err
	}
	host, err := kernel.List(ctx, PortPrefix, shape.Inner(PortPrefix), vxlanPrefix)
	if err != nil {
		return 0, err
	}
	keep := make(map[string]bool)
	for id := range d.networks {
		keep[kernel.Name(bridgePrefix, id)], keep[kernel.Name(vxlanPrefix, id)] = true, true
	}
	limits := make(map[string]linkspan.Limits)
	for _, e := range endpoints() {
		port := kernel.Name(PortPrefix, e.ID)
		keep[port], keep[e.HostInterface] = true, true
		if e.Limits.Any() && e.State == cnm.Joined {
			limits[port] = e.Limits
		}
	}
	removed, errs := prune(host, keep, netlink.LinkDel)
	if _, err := shape.Mend(ctx, limits); err != nil {
		errs = append(errs, err)
	}
	if ns != nil {
		defer func() { _ = ns.Close() }()
		inside, err := netns.Dump(ctx, ns.Netlink().LinkList)
		if err != nil {
			return removed, errors.Join(append(errs, fmt.Errorf("list links of the overlay: %w", err))...)
		}
		n, more := prune(ours(inside), keep, ns.Netlink().LinkDel)
		removed, errs = removed+n, append(errs, more...)
	}
	return removed, errors.Join(append(errs, d.replaceGuard(), d.removeNamespace())...)
}

func ours(links []netlink.Link) []netlink.Link {
	var found []netlink.Link
	for _, l := range links {
		for _, prefix := range []string{bridgePrefix, vxlanPrefix, PortPrefix} {
			if strings.HasPrefix(l.Attrs().Name, prefix) {
				found = append(found, l)
			}
		}
	}
	return found
}

func prune(links []netlink.Link, keep map[string]bool, remove func(netlink.Link) error) (removed int, errs []error) {
	for _, l := range links {
		if keep[l.Attrs().Name] {
			continue
		}
		if err := remove(l); err != nil && !kernel.Missing(err) {
			errs = append(errs, fmt.Errorf("delete link %s: %w", l.Attrs().Name, err))
			continue
		}
		removed++
	}
	return removed, errs
}
