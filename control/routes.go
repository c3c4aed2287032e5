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
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Filter chooses routes; zero fields choose all.
type Filter struct {
	Network linkspan.NetworkID // of either end
	Chassis linkspan.ChassisID // routes with a flow there
}

// Routes asks all switches at once for the routes that they hold, and returns
// them ordered by network and addresses, not to be changed: others who ask
// meanwhile get the same. Chassis that are away, or do not answer before ctx is
// done, are in missing: their flows are not in the routes.
func (h *Hub) Routes(ctx context.Context, filter Filter) (routes []linkspan.Route, missing []linkspan.ChassisID) {
	asked := h.askedFor(filter.Network)
	all, ok := h.dumps.get(ctx, asked, func() plugged { return h.askRoutes(ctx, asked) })
	if !ok {
		return nil, h.allChassis()
	}
	if filter.Chassis == 0 && filter.Network == asked {
		return all.routes, all.missing
	}
	for i := range all.routes {
		if filter.chooses(&all.routes[i]) {
			routes = append(routes, all.routes[i])
		}
	}
	return routes, all.missing
}

// plugged is the routes that all switches hold, but for those of missing ones.
type plugged struct {
	routes  []linkspan.Route
	missing []linkspan.ChassisID
}

// askedFor returns the network whose flows the switches are asked for: all, when the
// network's endpoints may talk with those of others, as on a chassis of the other
// end the flows stand under that one's network.
func (h *Hub) askedFor(network linkspan.NetworkID) linkspan.NetworkID {
	if v := h.View(); v.AnyLinks() || v.CountPolicies() > 0 || len(v.GroupsOf(network)) > 0 {
		return 0
	}
	return network
}

func (f *Filter) chooses(r *linkspan.Route) bool {
	return (f.Network == 0 || f.Network == r.Network || f.Network == r.NetworkB) &&
		(f.Chassis == 0 || slices.Contains(r.Chassis, f.Chassis))
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
func (h *Hub) askRoutes(ctx context.Context, network linkspan.NetworkID) plugged {
	var mu sync.Mutex
	all := gathering{view: h.View(), by: make(map[routeKey]*linkspan.Route)}
	missing := h.askAll(ctx, func(d *datapath, turn *asking) error {
		flows, err := d.routeFlows(ctx, turn, network)
		if err == nil {
			mu.Lock()
			defer mu.Unlock()
			all.add(flows)
		}
		return err
	})
	return plugged{all.routes(), missing}
}

// found is a flow of a route, with what its match says.
type found struct {
	pipeline.Plugged
	linkspan.RouteFlow
	kind      pipeline.Kind
	transport linkspan.Transport // by which it leaves
}

// routeFlows dumps the flows of routes on one chassis.
func (d *datapath) routeFlows(ctx context.Context, turn *asking, network linkspan.NetworkID) (flows []found, err error) {
	err = turn.dump(ctx, d.session, settling, pipeline.RoutesIn(network), func(body []byte) (err error) {
		var f openflow.FlowStats
		for len(body) > 0 {
			if body, err = f.Next(body); err != nil {
				return err
			}
			if p, ok := pipeline.Recognize(f.TableID, f.Priority, f.Match); ok {
				flows = append(flows, found{p, routeFlow(d.id, &p, &f), pipeline.Cookie(f.Cookie).Kind(), pipeline.TransportOf(&p, &f)})
			}
		}
		return nil
	})
	return flows, err
}

func routeFlow(id linkspan.ChassisID, p *pipeline.Plugged, f *openflow.FlowStats) linkspan.RouteFlow {
	return linkspan.RouteFlow{
		Chassis: id, From: p.From, To: p.To, Packets: f.Packets, Bytes: f.Bytes,
		Age: f.Duration(), Idle: time.Duration(f.IdleTimeout) * time.Second, Text: f.String(),
		Policy: pipeline.Cookie(f.Cookie).Policy(),
	}
}

// gathering puts flows together to routes, by both ends.
type gathering struct {
	view *view.View
	by   map[routeKey]*linkspan.Route
}

// routeKey is the ends of a route, the lower address first, or the endpoint's before
// what is outside.
type routeKey struct {
	a, b    view.Key
	outside netip.Prefix
}

func (g *gathering) add(flows []found) {
	for i := range flows {
		f := &flows[i]
		r := g.route(f)
		if f.transport != "" {
			r.Transport = f.transport
		}
		r.Flows = append(r.Flows, f.RouteFlow)
		r.Tracked = r.Tracked || f.kind != pipeline.KindRoute
		if f.kind == pipeline.KindClass {
			addClass(r, f)
		}
		if !slices.Contains(r.Chassis, f.Chassis) {
			r.Chassis = append(r.Chassis, f.Chassis)
		}
	}
}

// route returns the route of a flow.
func (g *gathering) route(f *found) *linkspan.Route {
	var key routeKey
	key.a, key.b = f.Ends(g.view)
	swap := key.b.Address.Less(key.a.Address)
	if f.Outside.IsValid() {
		key.outside, swap = f.Outside, f.Outside.Contains(key.a.Address)
	}
	if swap {
		key.a, key.b = key.b, key.a
	}
	r := g.by[key]
	if r == nil {
		r = &linkspan.Route{
			ID:      linkspan.RouteIDBetween(key.a.Network, key.a.Address, key.b.Network, key.b.Address),
			Network: key.a.Network, NetworkB: key.b.Network, A: key.a.Address, B: key.b.Address, Outside: key.outside,
		}
		g.by[key] = r
	}
	return r
}

// routes returns the routes in order, each with its flows in order.
func (g *gathering) routes() []linkspan.Route {
	var list []linkspan.Route
	for _, r := range g.by {
		slices.Sort(r.Chassis)
		slices.SortFunc(r.Classes, compareClasses)
		slices.SortFunc(r.Flows, func(a, b linkspan.RouteFlow) int {
			return cmp.Or(cmp.Compare(a.Chassis, b.Chassis), a.From.Compare(b.From), cmp.Compare(a.Text, b.Text))
		})
		list = append(list, *r)
	}
	slices.SortFunc(list, func(a, b linkspan.Route) int {
		return cmp.Or(cmp.Compare(a.Network, b.Network), a.A.Compare(b.A), a.B.Compare(b.B), cmp.Compare(a.NetworkB, b.NetworkB))
	})
	return list
}
