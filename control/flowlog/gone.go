// SPDX-License-Identifier: Apache-2.0

package flowlog

import (
	"net/netip"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/view"
)

// remembered is how long, at least, the name of something that is gone is
// known: its flows go with it, and are reported a little later.
const remembered = time.Minute

// gone holds the names of what has left the View: what ended with a container
// should still bear its name. Names are kept for two periods at most.
type gone struct {
	mu        sync.Mutex
	endpoints [2]map[view.Key]departure // of this period, and of the one before
	networks  [2]map[linkspan.NetworkID]string
	turned    time.Time
}

// departure is a name and when it left.
type departure struct {
	name string
	at   time.Time
}

// Leaving remembers the names of what changes will remove from v, which is the
// View before them.
func (l *Log) Leaving(v *view.View, changes ...view.Change) {
	l.gone.mu.Lock()
	defer l.gone.mu.Unlock()
	now := time.Now()
	l.gone.turn(now)
	_, delta := v.Apply(changes...)
	for _, c := range delta.Endpoints {
		if c.Old != nil && (c.New == nil || c.New.Container != c.Old.Container || c.New.Chassis != c.Old.Chassis) {
			l.gone.endpoints[0][view.KeyOf(c.Old)] = departure{endpointName(v, c.Old), now}
		}
	}
	for _, c := range delta.Networks {
		if c.Old != nil && c.New == nil {
			l.gone.networks[0][c.Old.ID] = c.Old.Name
		}
	}
}

// turn begins a new period when it is time; the caller holds mu.
func (g *gone) turn(now time.Time) {
	if g.endpoints[0] != nil && now.Sub(g.turned) < remembered {
		return
	}
	g.turned = now
	g.endpoints = [2]map[view.Key]departure{{}, g.endpoints[0]}
	g.networks = [2]map[linkspan.NetworkID]string{{}, g.networks[0]}
}

// endpoint is the name of an end of what happened: of who had the address when
// it began, where that is known, else of who has it now; "" of nobody.
func (g *gone) endpoint(v *view.View, e *control.RouteEvent, network linkspan.NetworkID, address netip.Addr) string {
	key := view.Key{Network: network, Address: address}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, period := range g.endpoints {
		if d, ok := period[key]; ok && e.Kind == control.Unplugged && !d.at.Before(e.Time.Add(-e.Duration)) {
			return d.name
		}
	}
	if now := v.Endpoint(key); now != nil {
		return endpointName(v, now)
	}
	return ""
}

func (g *gone) network(v *view.View, id linkspan.NetworkID) string {
	if n := v.Network(id); n != nil {
		return n.Name
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, period := range g.networks {
		if name, ok := period[id]; ok {
			return name
		}
	}
	return id.String()
}

func endpointName(v *view.View, e *linkspan.Endpoint) string {
	return v.ChassisName(e.Chassis) + "/" + e.Container
}
