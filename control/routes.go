// SPDX-License-Identifier: Apache-2.0

package control

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Filter chooses routes; zero fields choose all.
type Filter struct {
	Network linkspan.NetworkID
	Chassis linkspan.ChassisID // routes with a flow there
}

// Routes asks all switches at once for the routes that they hold, and returns
// them ordered by network and addresses, not to be changed: others who ask
// meanwhile get the same. Chassis that are away, or do not answer before ctx is
// done, are in missing: their flows are not in the routes.
func (h *Hub) Routes(ctx context.Context, filter Filter) (routes []linkspan.Route, missing []linkspan.ChassisID) {
	all, missing, ok := h.dumps.get(ctx, filter.Network, func() ([]linkspan.Route, []linkspan.ChassisID) {
		return h.askRoutes(ctx, filter.Network)
	})
	if !ok {
		return nil, h.allChassis()
	}
	if filter.Chassis == 0 {
		return all, missing
	}
	for i := range all {
		if slices.Contains(all[i].Chassis, filter.Chassis) {
			routes = append(routes, all[i])
		}
	}
	return routes, missing
}

// allChassis returns the numbers of all chassis, in order.
func (h *Hub) allChassis() (ids []linkspan.ChassisID) {
	for c := range h.View().AllChassis() {
		ids = append(ids, c.ID)
	}
	slices.Sort(ids)
	return ids
}

// askRoutes asks all switches for the routes of a network.
func (h *Hub) askRoutes(ctx context.Context, network linkspan.NetworkID) (routes []linkspan.Route, missing []linkspan.ChassisID) {
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		all   gathering
	)
	for c := range h.View().AllChassis() {
		group.Go(func() {
			flows, err := h.routeFlows(ctx, c.ID, network)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				missing = append(missing, c.ID)
				return
			}
			all.add(flows)
		})
	}
	group.Wait()
	slices.Sort(missing)
	return all.routes(), missing
}

// found is a flow of a route, with what its match says.
type found struct {
	pipeline.Plugged
	linkspan.RouteFlow
	transport linkspan.Transport // by which it leaves
}

// routeFlows dumps the flows of routes on one chassis.
func (h *Hub) routeFlows(ctx context.Context, id linkspan.ChassisID, network linkspan.NetworkID) ([]found, error) {
	d := h.datapath(id)
	if d == nil {
		return nil, &linkspan.Error{Code: linkspan.Unavailable, Message: "the chassis is away"}
	}
	var flows []found
	err := d.session.Dump(ctx, pipeline.RoutesIn(network), bounded(func(body []byte) (err error) {
		var f openflow.FlowStats
		for len(body) > 0 {
			if body, err = f.Next(body); err != nil {
				return err
			}
			if p, ok := pipeline.Recognize(f.TableID, f.Priority, f.Match); ok {
				flows = append(flows, found{p, routeFlow(id, &p, &f), pipeline.TransportOf(&p, &f)})
			}
		}
		return nil
	}))
	return flows, err
}

func routeFlow(id linkspan.ChassisID, p *pipeline.Plugged, f *openflow.FlowStats) linkspan.RouteFlow {
	return linkspan.RouteFlow{
		Chassis: id, From: p.From, To: p.To, Packets: f.Packets, Bytes: f.Bytes,
		Age: f.Duration(), Idle: time.Duration(f.IdleTimeout) * time.Second, Text: f.String(),
	}
}

// gathering puts flows together to routes, by network and both addresses.
type gathering map[routeKey]*linkspan.Route

type routeKey struct {
	network linkspan.NetworkID
	a, b    netip.Addr
}

func (g *gathering) add(flows []found) {
	if *g == nil {
		*g = make(gathering)
	}
	for i := range flows {
		f := &flows[i]
		key := routeKey{f.Network, f.Plugged.From, f.Plugged.To}
		if key.b.Less(key.a) {
			key.a, key.b = key.b, key.a
		}
		r := (*g)[key]
		if r == nil {
			r = &linkspan.Route{
				ID:      linkspan.RouteIDOf(key.network, key.a, key.b),
				Network: key.network, A: key.a, B: key.b,
			}
			(*g)[key] = r
		}
		if f.transport != "" {
			r.Transport = f.transport
		}
		r.Flows = append(r.Flows, f.RouteFlow)
		if !slices.Contains(r.Chassis, f.Chassis) {
			r.Chassis = append(r.Chassis, f.Chassis)
		}
	}
}

// routes returns the routes in order, each with its flows in order.
func (g gathering) routes() []linkspan.Route {
	var list []linkspan.Route
	for _, r := range g {
		slices.Sort(r.Chassis)
		slices.SortFunc(r.Flows, func(a, b linkspan.RouteFlow) int {
			return cmp.Or(cmp.Compare(a.Chassis, b.Chassis), a.From.Compare(b.From), cmp.Compare(a.Text, b.Text))
		})
		list = append(list, *r)
	}
	slices.SortFunc(list, func(a, b linkspan.Route) int {
		return cmp.Or(cmp.Compare(a.Network, b.Network), a.A.Compare(b.A), a.B.Compare(b.B))
	})
	return list
}
