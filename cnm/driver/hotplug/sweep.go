// SPDX-License-Identifier: Apache-2.0

package hotplug

import (
	"context"
	"errors"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/shape"
)

// Sweep removes ports and veths of endpoints that are no more, sets limits again that
// somebody has changed, and mends the gateway.
func (d *Driver) Sweep(ctx context.Context, endpoints func() []cnm.Endpoint) (int, error) {
	found, err := d.interfaces(ctx)
	if err != nil {
		return 0, err
	}
	limits := make(map[string]linkspan.Limits)
	for _, e := range endpoints() {
		host, _ := netns.Names(e.ID)
		delete(found, host)
		delete(found, e.HostInterface)
		if e.Limits.Any() && e.State == cnm.Joined {
			limits[host] = e.Limits
		}
	}
	removed := 0
	mended, err := d.options.Links.Mend(ctx, limits)
	for _, link := range mended {
		d.options.Log.Warn("limits of an endpoint were changed on this host, set again", "link", link, "limits", limits[link].String())
	}
	errs := []error{err, d.mend(ctx)}
	for host := range found {
		err := d.remove(ctx, host)
		if err == nil {
			removed++
		}
		errs = append(errs, err)
	}
	return removed, errors.Join(errs...)
}

// interfaces returns the names of all ports and veths that the driver made.
func (d *Driver) interfaces(ctx context.Context) (map[string]struct{}, error) {
	found := make(map[string]struct{})
	ports, err := d.options.Ports.Ports(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range ports {
		if p.ExternalIDs[idEndpoint] != "" {
			found[p.Name] = struct{}{}
		}
	}
	for _, prefix := range []string{netns.HostPrefix, shape.Inner(netns.HostPrefix)} {
		links, err := d.options.Links.List(ctx, prefix)
		if err != nil {
			return nil, err
		}
		for _, l := range links {
			found[l.Name] = struct{}{}
		}
	}
	return found, nil
}

// remove removes a port and its veth at the same time: each waits for somebody
// else, the database of Open vSwitch and the kernel, and neither for the other.
func (d *Driver) remove(ctx context.Context, host string) error {
	port := make(chan error, 1)
	go func() { port <- d.options.Ports.DropPort(ctx, host) }()
	return errors.Join(d.options.Links.Delete(ctx, host), <-port)
}
