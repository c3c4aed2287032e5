// SPDX-License-Identifier: Apache-2.0

package restore

import (
	"slices"

	"github.com/linkspan/linkspan/wire/openflow"
)

// flowCost is about what a kept flow takes in memory beside its bytes.
const flowCost = 128

// flow is what a key does not say of a flow.
type flow struct {
	cookie       uint64
	idle         uint16
	instructions string
}

// removal is a flow whose deletion is not believed yet.
type removal struct {
	key string
	flow
}

// replica is the copy of one bridge's flows. The zero value is not usable.
type replica struct {
	limit int // bytes

	flows   map[string]flow
	doubted []removal // deletions in doubt; the oldest first
	meters  map[uint32]*meter
	bytes   int // of flows and doubted
	left    int // flows that did not fit
}

// meter is one that flows name.
type meter struct {
	flows  int
	config openflow.MeterConfig
	known  bool
}

func newReplica(limit int) *replica {
	return &replica{limit: limit, flows: make(map[string]flow), meters: make(map[uint32]*meter)}
}

// keyOf returns what a bridge tells flows apart by: table, priority and match.
func keyOf(u *openflow.FlowUpdate) string {
	b := append(make([]byte, 0, 3+len(u.Match)), u.TableID, byte(u.Priority>>8), byte(u.Priority))
	return string(append(b, u.Match...))
}

// apply takes an update in; ask collects the meters whose configuration is to
// be read.
func (r *replica) apply(u *openflow.FlowUpdate, ask map[uint32]bool) {
	key := keyOf(u)
	switch u.Event {
	case openflow.FlowAdded, openflow.FlowModified:
		r.remove(key)
		r.add(key, u, ask)
	case openflow.FlowDeleted:
		r.delete(key, u.Reason)
	}
}

func (r *replica) add(key string, u *openflow.FlowUpdate, ask map[uint32]bool) {
	if u.HardTimeout != 0 || u.Cookie == 0 {
		return
	}
	f := flow{u.Cookie, u.IdleTimeout, string(u.Instructions)}
	if r.bytes+f.size(key) > r.limit {
		r.left++
		return
	}
	r.flows[key] = f
	r.bytes += f.size(key)
	if id, has := f.meter(); has {
		if r.meters[id] == nil {
			r.meters[id] = new(meter)
		}
		r.meters[id].flows++
		ask[id] = true
	}
}

// delete forgets an expired flow at once, and doubts the end of another one: an
// ovs-vswitchd that ends in order deletes its flows, too.
func (r *replica) delete(key string, why openflow.RemovedReason) {
	f, has := r.flows[key]
	switch {
	case !has:
	case why == openflow.RemovedIdleTimeout:
		r.remove(key)
	default:
		delete(r.flows, key)
		r.doubted = append(r.doubted, removal{key, f})
	}
}

func (r *replica) remove(key string) {
	if f, has := r.flows[key]; has {
		delete(r.flows, key)
		r.release(key, f)
	}
}

func (r *replica) release(key string, f flow) {
	r.bytes -= f.size(key)
	id, has := f.meter()
	if !has {
		return
	}
	if m := r.meters[id]; m.flows == 1 {
		delete(r.meters, id)
	} else {
		m.flows--
	}
}

// believe makes the oldest n deletions final: the bridge lived on after them.
func (r *replica) believe(n int) {
	for _, d := range r.doubted[:n] {
		r.release(d.key, d.flow)
	}
	r.doubted = append([]removal(nil), r.doubted[n:]...)
}

// disbelieve takes back the deletions that were the bridge's own end.
func (r *replica) disbelieve() {
	for _, d := range slices.Backward(r.doubted) { // of two of one key the later was there last
		if _, again := r.flows[d.key]; again {
			r.release(d.key, d.flow)
		} else {
			r.flows[d.key] = d.flow
		}
	}
	r.doubted = nil
}

// learn notes how a meter is set.
func (r *replica) learn(c openflow.MeterConfig) {
	if m := r.meters[c.MeterID]; m != nil {
		c.Bands = append([]openflow.MeterBand(nil), c.Bands...)
		m.config, m.known = c, true
	}
}

func (f flow) size(key string) int { return flowCost + len(key) + len(f.instructions) }

// meter returns the meter that the flow names.
func (f flow) meter() (id uint32, has bool) {
	for i := range openflow.Instructions(f.instructions).All() {
		if id, has = i.Meter(); has {
			return id, true
		}
	}
	return 0, false
}
