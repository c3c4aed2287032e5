// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// Change is one change of a word: exactly one of the pointers is set. Of a
// removed word only what identifies it is filled in.
type Change struct {
	LocalNetwork  *linkspan.LocalNetwork
	LocalEndpoint *linkspan.LocalEndpoint

	Removed   bool
	Network   *linkspan.Network
	Endpoint  *linkspan.Endpoint
	Chassis   *linkspan.Chassis
	Paths     *linkspan.Paths
	Clearance *linkspan.Clearance
	Group     *linkspan.Group
	Link      *linkspan.Link
	Policy    *linkspan.Policy
}

// Follow keeps the caller true to all networks, endpoints, chassis, paths,
// clearances, groups, links and policies: it calls replace with everything there
// is, then change with what changed since, in order, each exactly once; replace may
// come again after an outage. Policies that were applied together come in one call.
// The calls come one at a time. It returns with an error only: the context's, or
// that of a record that cannot be read.
func (s *Store) Follow(ctx context.Context, replace, change func(changes []Change, revision uint64)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	policies := make(policyPages)
	read := func(kind kv.EventKind, e kv.Entry, to []Change) []Change {
		if changes, ok, err := policies.read(kind, e); ok {
			if err != nil {
				cancel(fmt.Errorf("record %s: %w", e.Key, err))
			}
			return append(to, changes...)
		}
		c, ok, err := decode(kind, e)
		if err != nil {
			cancel(fmt.Errorf("record %s: %w", e.Key, err))
		}
		if err != nil || !ok {
			return to
		}
		return append(to, c)
	}
	err := kv.Follow(ctx, s.kv, "", func(entries []kv.Entry, revision uint64) {
		all := make([]Change, 0, len(entries))
		clear(policies)
		for _, e := range entries {
			all = read(kv.Written, e, all)
		}
		if ctx.Err() == nil {
			replace(all, revision)
		}
	}, func(events []kv.Event, revision uint64) {
		changes := make([]Change, 0, len(events))
		for _, e := range events {
			changes = read(e.Kind, e.Entry, changes)
		}
		if ctx.Err() == nil && len(changes) > 0 {
			change(changes, revision)
		}
	})
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// decode turns an entry into a change; ok is false for keys that hold no word.
func decode(kind kv.EventKind, e kv.Entry) (c Change, ok bool, err error) {
	c.Removed = kind == kv.Deleted
	switch {
	case strings.HasPrefix(e.Key, localsPrefix):
		ok, err = decodeLocal(e, &c)
		return c, ok, err
	case strings.HasPrefix(e.Key, networksPrefix):
		c.Network = new(linkspan.Network)
		c.Network.ID, err = linkspan.ParseNetworkID(strings.TrimPrefix(e.Key, networksPrefix))
		return c, true, fill(c.Removed, e, c.Network, err)
	case strings.HasPrefix(e.Key, endpointsPrefix):
		c.Endpoint = new(linkspan.Endpoint)
		c.Endpoint.Network, c.Endpoint.Address, err = parseEndpointKey(e.Key)
		return c, true, fill(c.Removed, e, c.Endpoint, err)
	case strings.HasPrefix(e.Key, chassisPrefix):
		c.Chassis = new(linkspan.Chassis)
		c.Chassis.ID, err = parseChassisKey(chassisPrefix, e.Key)
		return c, true, fill(c.Removed, e, c.Chassis, err)
	case strings.HasPrefix(e.Key, pathsPrefix):
		c.Paths = new(linkspan.Paths)
		c.Paths.From, err = parseChassisKey(pathsPrefix, e.Key)
		return c, true, fill(c.Removed, e, c.Paths, err)
	case strings.HasPrefix(e.Key, clearancesPrefix):
		a, b, _ := strings.Cut(strings.TrimPrefix(e.Key, clearancesPrefix), "/")
		c.Clearance = &linkspan.Clearance{A: a, B: b}
		return c, true, fill(c.Removed, e, c.Clearance, nil)
	case strings.HasPrefix(e.Key, groupsPrefix):
		c.Group = &linkspan.Group{Name: strings.TrimPrefix(e.Key, groupsPrefix)}
		return c, true, fill(c.Removed, e, c.Group, nil)
	case strings.HasPrefix(e.Key, linksPrefix):
		var l linkspan.Link
		l, err = parseLinkKey(e.Key)
		c.Link = &l
		return c, true, fill(c.Removed, e, c.Link, err)
	}
	return Change{}, false, nil
}

func fill(removed bool, e kv.Entry, word any, err error) error {
	if removed || err != nil {
		return err
	}
	return json.Unmarshal(e.Value, word)
}
