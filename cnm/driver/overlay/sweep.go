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
	mended, faults := d.limitAgain(ctx, endpoints())
	d.mu.Lock()
	defer d.mu.Unlock()
	ns, err := d.open()
	if err != nil {
		return 0, errors.Join(faults, err)
	}
	if ns != nil {
		defer func() { _ = ns.Close() }()
		faults = errors.Join(faults, d.placeAgain(ns, mended))
	}
	host, err := kernel.List(ctx, PortPrefix, shape.Inner(PortPrefix), vxlanPrefix)
	if err != nil {
		return 0, err
	}
	keep := make(map[string]bool)
	for _, n := range d.networks {
		w := d.wire(n)
		keep[w.bridge], keep[w.vxlan] = true, true
	}
	for _, e := range endpoints() {
		keep[kernel.Name(PortPrefix, e.ID)], keep[e.HostInterface] = true, true
	}
	removed, errs := prune(host, keep, netlink.LinkDel)
	errs = append(errs, faults)
	if ns != nil {
		inside, err := netns.Dump(ctx, ns.Netlink().LinkList)
		if err != nil {
			return removed, errors.Join(append(errs, fmt.Errorf("list links of the overlay: %w", err))...)
		}
		n, more := prune(ours(inside), keep, ns.Netlink().LinkDel)
		removed, errs = removed+n, append(errs, more...)
	}
	return removed, errors.Join(append(errs, d.replaceGuard(), d.removeNamespace())...)
}

// limitAgain sets limits again that somebody has changed, and returns the
// endpoints whose were not as they should be. The lock is not held: others need
// not wait for it.
func (d *Driver) limitAgain(ctx context.Context, endpoints []cnm.Endpoint) ([]cnm.Endpoint, error) {
	limits, limited := make(map[string]linkspan.Limits), make(map[string]cnm.Endpoint)
	for _, e := range endpoints {
		if port := kernel.Name(PortPrefix, e.ID); e.Limits.Any() && e.State == cnm.Joined {
			limits[port], limited[port] = e.Limits, e
		}
	}
	ports, err := shape.Mend(ctx, limits)
	mended := make([]cnm.Endpoint, 0, len(ports))
	for _, port := range ports {
		d.options.Log.Warn("limits of an endpoint were changed on this host, set again", "link", port, "limits", limits[port].String())
		mended = append(mended, limited[port])
	}
	return mended, err
}

// placeAgain makes the ports of endpoints that had to be made again ports of their
// networks again. The lock is held.
func (d *Driver) placeAgain(ns *netns.Sandbox, endpoints []cnm.Endpoint) error {
	var errs []error
	for _, e := range endpoints {
		link, err := kernel.Find(kernel.Name(PortPrefix, e.ID))
		n, known := d.networks[e.Network]
		if err == nil && (link == nil || !known) { // it is where it was
			continue
		}
		if err == nil {
			var bridge netlink.Link
			if bridge, err = d.ensure(ns, n); err == nil {
				err = place(ns, bridge, e)
			}
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
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
