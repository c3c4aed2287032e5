// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"bytes"
	"context"
	"fmt"
	"maps"

	"github.com/linkspan/linkspan/nos/forward/dispatch"
	"github.com/linkspan/linkspan/wire/openflow"
)

const (
	bundleID    = 1
	bundleFlags = openflow.BundleAtomic | openflow.BundleOrdered
)

// learn reads which flows of ours the bridge has, from before.
func (c *channel) learn(ctx context.Context) error {
	return c.flows(ctx, 0, func(f *openflow.FlowStats) {
		flow := flowOf(f)
		c.have[flow.Key()] = flow
	})
}

// forget has the next set be compared with what the bridge has.
func (c *channel) forget() { c.doubted.Store(true) }

// flowOf copies a flow that the bridge shows.
func flowOf(f *openflow.FlowStats) dispatch.Flow {
	return dispatch.Flow{
		Table: f.TableID, Priority: f.Priority, Cookie: f.Cookie,
		Match: openflow.MatchView(bytes.Clone(f.Match)), Instructions: bytes.Clone(f.Instructions),
	}
}

// set brings the bridge's flows to a set in one atomic bundle, which packets see at once.
// Nothing is sent where nothing differs.
func (c *channel) set(ctx context.Context, s *dispatch.Set) error {
	if c.doubted.Swap(false) {
		clear(c.have)
		if err := c.learn(ctx); err != nil {
			c.forget()
			return err
		}
	}
	want := make(map[string]dispatch.Flow, len(s.Flows))
	var mods, adds []*openflow.FlowMod
	for i := range s.Flows {
		f := &s.Flows[i]
		key := f.Key()
		want[key] = *f
		if have, there := c.have[key]; !there || !have.Same(f) {
			adds = append(adds, f.Mod(openflow.FlowAdd))
		}
	}
	for key, f := range c.have {
		if _, stays := want[key]; !stays {
			mods = append(mods, f.Mod(openflow.FlowDeleteStrict))
		}
	}
	if mods = append(mods, adds...); len(mods) == 0 { // what goes first: a flow from before may be one that comes
		return nil
	}
	if err := c.addMeters(ctx, s.Meters); err != nil {
		return err
	}
	if err := c.bundle(ctx, mods); err != nil {
		c.forget()
		return fmt.Errorf("change %d flows: %w", len(mods), err)
	}
	c.have = want
	return nil
}

// wanted returns what the bridge should have, by keys: what was written last, as hosts that were heard since have
// yet to get their flows; or a set, where it is not known what was.
func (c *channel) wanted(s *dispatch.Set) map[string]dispatch.Flow {
	if !c.doubted.Load() {
		return maps.Clone(c.have)
	}
	want := make(map[string]dispatch.Flow, len(s.Flows))
	for i := range s.Flows {
		want[s.Flows[i].Key()] = s.Flows[i]
	}
	return want
}

// addMeters adds those that are not there: bundles have none. One that is there from before
// is refused and is as it should be.
func (c *channel) addMeters(ctx context.Context, meters []dispatch.Meter) error {
	var b []byte
	for _, m := range meters {
		if !c.meters[m.ID] {
			c.meters[m.ID] = true
			b = m.Mod(openflow.MeterAdd).Append(b, 0)
		}
	}
	if len(b) == 0 {
		return nil
	}
	if err := c.write(b); err != nil {
		return err
	}
	return c.barrier(ctx)
}

func (c *channel) bundle(ctx context.Context, mods []*openflow.FlowMod) error {
	return c.ask(ctx, func(b []byte, xid uint32) []byte {
		control := openflow.BundleControl{BundleID: bundleID, Command: openflow.BundleOpen, Flags: bundleFlags}
		b = control.Append(b, xid)
		for _, m := range mods {
			b = openflow.AppendBundleAdd(b, xid, bundleID, bundleFlags, m)
		}
		control.Command = openflow.BundleCommit
		return control.Append(b, xid)
	}, func(m openflow.Message) (bool, error) {
		var reply openflow.BundleControl
		err := reply.Decode(m)
		return err == nil && reply.Command == openflow.BundleCommitted, err
	})
}

// send has the bridge send a frame as if it had come in at a port.
func (c *channel) send(port uint32, acts openflow.Actions, frame []byte) error {
	return c.write((&openflow.PacketOut{InPort: port, Actions: acts, Data: frame}).Append(nil, 0))
}

// counted returns how many packets the flows of a kind had.
func (c *channel) counted(ctx context.Context, kind uint64) (packets uint64, err error) {
	err = c.flows(ctx, kind, func(f *openflow.FlowStats) { packets += f.Packets })
	return packets, err
}
