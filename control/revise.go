// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

// maxAskedSingly is of how many endpoints a switch is asked for the routes one by
// one; of more, it is asked for all that it has.
const maxAskedSingly = 8

// Revise looks at the routes of some endpoints after a change of what may talk to
// what: each flow is judged in the current View, by Config.Judge, and what would not
// be plugged any more is deleted, on all chassis at once; then its connections are
// forgotten, and the denials that are about those endpoints. What stays is not touched. It is called
// after the Update that made the change, as decisions made before that are not
// acted on any more. Chassis that are away, do not answer in time, or not before ctx is done are in
// missing: there, the same is done when they connect.
func (h *Hub) Revise(ctx context.Context, of []view.Key) (missing []linkspan.ChassisID) {
	var (
		group sync.WaitGroup
		mu    sync.Mutex
	)
	for id, of := range h.concerned(of, false) {
		group.Go(func() {
			if d := h.datapath(id); d != nil && d.reviseAsked(ctx, of) == nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			missing = append(missing, id)
		})
	}
	group.Wait()
	slices.Sort(missing)
	return missing
}

// asked is of whom the routes on a chassis are revised, and where they stand: each
// address under the network of those at the chassis who talk with it. all says that all
// denials of that chassis are forgotten.
type asked struct {
	keys, under map[view.Key]bool
	all         bool
}

// concerned returns the chassis on which flows may depend on endpoints, and on which.
func (h *Hub) concerned(of []view.Key, all bool) map[linkspan.ChassisID]asked {
	v, on := h.view.Load(), make(map[linkspan.ChassisID]asked)
	for _, key := range of {
		at := h.index.dependents(key)
		if e := v.Endpoint(key); e != nil && e.Attached() {
			at = append(at, placeOf(e))
		}
		for _, p := range at {
			a, there := on[p.on]
			if !there {
				a = asked{make(map[view.Key]bool), make(map[view.Key]bool), all}
				on[p.on] = a
			}
			a.keys[key] = true
			a.under[view.Key{Network: p.network, Address: key.Address}] = true
		}
	}
	return on
}

// reviseAsked judges the routes that some endpoints have on a chassis, once its switch
// has its turn to say which.
func (d *datapath) reviseAsked(ctx context.Context, of asked) error {
	turn := d.hub.revising.wait(ctx)
	if turn == nil {
		return context.Cause(ctx)
	}
	defer turn.over()
	ctx, cancel := context.WithTimeout(ctx, settling)
	defer cancel()
	d.ending.begin()
	defer d.revised()
	flows, denials, err := d.decidedOf(ctx, turn, of)
	if err != nil {
		return err
	}
	d.forgetDenials(of, denials) // before what falls now has late answers denied
	d.expel(flows)
	return nil
}

// few says that a switch is asked for each of them.
func (of *asked) few() bool { return len(of.under) <= maxAskedSingly }

// requests are what a switch is asked for.
func (of *asked) requests() (list []*openflow.FlowRequest) {
	if !of.few() {
		return []*openflow.FlowRequest{pipeline.Decisions()}
	}
	for _, under := range slices.SortedFunc(maps.Keys(of.under), compareKeys) {
		list = append(list, pipeline.RoutesOf(under)...)
	}
	return list
}

// appendForget appends what deletes the denials that are about those of whom is asked,
// or all. Where these are not few they have been dumped.
func (of *asked) appendForget(b []byte, denials []openflow.FlowStats) []byte {
	switch {
	case of.all:
		return pipeline.AppendForget(b, 0)
	case !of.few():
		for i := range denials {
			b = pipeline.AppendExpelFlow(b, 0, &denials[i])
		}
		return b
	}
	for _, under := range slices.SortedFunc(maps.Keys(of.under), compareKeys) {
		b = pipeline.AppendForgetAddress(b, 0, under)
	}
	return b
}

// decidedOf dumps the flows of routes that endpoints have on this chassis, each once,
// and, unless these are few, their denials. A switch that is not ready yet has the time
// that it has for that.
func (d *datapath) decidedOf(ctx context.Context, turn *asking, of asked) (flows, denials []openflow.FlowStats, err error) {
	silence := maxSilence
	if !d.ready.Load() {
		silence = settling
	}
	collect := of.collect(&flows)
	for _, r := range of.requests() {
		if err := turn.dump(ctx, d.session, silence, r, collect); err != nil {
			return nil, nil, err
		}
	}
	v, seen := d.hub.view.Load(), make(map[string]bool)
	flows = slices.DeleteFunc(flows, func(f openflow.FlowStats) bool {
		if from, to, denies := pipeline.DenialOf(&f); denies {
			if of.under[from] || of.under[to] {
				denials = append(denials, f)
			}
			return true
		}
		s, ok := pipeline.StandingOf(v, d.id, &f)
		if ok && !of.keys[s.From] && !of.keys[s.To] {
			return true
		}
		key := string(append([]byte{f.TableID, byte(f.Priority >> 8), byte(f.Priority)}, f.Match...))
		again := seen[key]
		seen[key] = true
		return again
	})
	return flows, denials, nil
}

func compareKeys(a, b view.Key) int {
	return cmp.Or(cmp.Compare(a.Network, b.Network), a.Address.Compare(b.Address))
}

// collect returns what copies dumped flows to a list, but for those that say that they
// are between two others: of all that a switch has, these may be most.
func (of *asked) collect(list *[]openflow.FlowStats) func(body []byte) error {
	addresses := make(map[netip.Addr]bool, len(of.under))
	for under := range of.under {
		addresses[under.Address] = true
	}
	return func(body []byte) (err error) {
		var f openflow.FlowStats
		for len(body) > 0 {
			if body, err = f.Next(body); err != nil {
				return err
			}
			if from, to, ok := pipeline.Between(f.Match); ok && !addresses[from] && !addresses[to] {
				continue
			}
			f.Match, f.Instructions = bytes.Clone(f.Match), bytes.Clone(f.Instructions)
			*list = append(*list, f)
		}
		return nil
	}
}
