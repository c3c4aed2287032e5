// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"slices"
	"strconv"

	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
)

// Drift returns what of devices, addresses and static routes is not as is configured: also
// addresses that somebody else gave to a configured device.
func (l coming) Drift(ctx context.Context, t *tree.Tree) ([]config.Drift, error) {
	all, err := l.devices(ctx)
	if err != nil {
		return nil, err
	}
	var drift []config.Drift
	says := newSays(t)
	for _, name := range says.all() {
		d := says.of(name)
		drift = append(drift, d.differs(all)...)
		drift = append(drift, d.strange(all[name])...)
	}
	have, err := l.routes(ctx)
	if err != nil {
		return nil, err
	}
	return append(drift, staticRoutes(t).active(connected(all)).drift(have)...), nil
}

// differs returns what a device lacks of what is said of it.
func (d device) differs(all map[string]found) []config.Drift {
	if !d.said() {
		return nil
	}
	f, there := all[d.name]
	if !there {
		return []config.Drift{{Path: d.path, Want: "a device " + d.name}}
	}
	var drift []config.Drift
	if f.up != d.up {
		drift = append(drift, config.Drift{Path: d.at("enabled"), Want: strconv.FormatBool(d.up), Have: strconv.FormatBool(f.up)})
	}
	if d.mtu != 0 && f.mtu != d.mtu {
		drift = append(drift, config.Drift{Path: d.at("mtu"), Want: strconv.Itoa(d.mtu), Have: strconv.Itoa(f.mtu)})
	}
	for _, a := range d.expected() {
		if !f.has(a) {
			drift = append(drift, config.Drift{Path: d.at("address"), Want: a.String()})
		}
	}
	return drift
}

// strange returns the addresses of a device that nothing is said of and that stay.
func (d device) strange(f found) []config.Drift {
	var drift []config.Drift
	for _, a := range f.addresses {
		if !a.passing && !d.has(a.Prefix) && !d.port {
			drift = append(drift, config.Drift{Path: d.at("address"), Have: a.String()})
		}
	}
	return drift
}

func (d device) at(leaf string) []string { return append(slices.Clone(d.path), leaf) }

// drift compares routes with those that the kernel has.
func (r routes) drift(have routes) []config.Drift {
	var drift []config.Drift
	for _, t := range r.sorted() {
		switch h, there := have[t]; {
		case !there:
			drift = append(drift, config.Drift{Path: t.path(r[t]), Want: r[t].String()})
		case !slices.Equal(h, r[t]):
			drift = append(drift, config.Drift{Path: t.path(r[t]), Want: r[t].String(), Have: h.String()})
		}
	}
	for _, t := range have.sorted() {
		if _, wanted := r[t]; !wanted {
			drift = append(drift, config.Drift{Path: t.path(have[t]), Have: have[t].String()})
		}
	}
	return drift
}
