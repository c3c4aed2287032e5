// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"github.com/linkspan/linkspan/wire/openflow"
)

// change is the way from one set to another.
type change struct {
	come, leave []Flow // one that changes is in come alone: adding replaces it
	begin, end  []Meter
	faster      []Meter // or slower: those that change
	before      []Meter // as those were
}

func (c *change) empty() bool {
	return len(c.come)+len(c.leave)+len(c.begin)+len(c.faster)+len(c.end) == 0
}

// between returns the way between two sets of this package's making, which writes
// equal matches in equal bytes.
func between(old, new Set) change {
	return differ{
		key: func(f *Flow) string {
			return string([]byte{f.Table, byte(f.Priority >> 8), byte(f.Priority)}) + string(f.Match)
		},
		same: func(a, b *Flow) bool { return string(a.Instructions) == string(b.Instructions) },
	}.diff(old, new)
}

// towards returns the way from what a bridge holds, which writes them in its own order.
func towards(have Held, want Set) change {
	return differ{
		key: (*Flow).key,
		same: func(a, b *Flow) bool {
			return have.ours(a) && a.Instructions.String() == b.Instructions.String()
		},
	}.diff(have.Set, want)
}

// differ compares sets; same is given the old flow first.
type differ struct {
	key  func(*Flow) string
	same func(old, new *Flow) bool
}

func (d differ) diff(old, new Set) (c change) {
	was := make(map[string]*Flow, len(old.Flows))
	for i := range old.Flows {
		was[d.key(&old.Flows[i])] = &old.Flows[i]
	}
	for i := range new.Flows {
		f := &new.Flows[i]
		key := d.key(f)
		if before := was[key]; before == nil || !d.same(before, f) {
			c.come = append(c.come, *f)
		}
		delete(was, key)
	}
	for i := range old.Flows { // in their order
		if _, gone := was[d.key(&old.Flows[i])]; gone {
			c.leave = append(c.leave, old.Flows[i])
		}
	}
	c.meters(old.Meters, new.Meters)
	return c
}

func (c *change) meters(old, new []Meter) {
	was := make(map[uint32]Meter, len(old))
	for _, m := range old {
		was[m.ID] = m
	}
	for _, m := range new {
		before, there := was[m.ID]
		switch {
		case !there:
			c.begin = append(c.begin, m)
		case before.Rate != m.Rate || before.Most != m.Most:
			c.faster, c.before = append(c.faster, m), append(c.before, before)
		}
		delete(was, m.ID)
	}
	for _, m := range old {
		if _, gone := was[m.ID]; gone {
			c.end = append(c.end, m)
		}
	}
}

// mods returns the messages for the flows.
func (c *change) mods() []*openflow.FlowMod {
	mods := make([]*openflow.FlowMod, 0, len(c.leave)+len(c.come))
	for i := range c.leave {
		mods = append(mods, c.leave[i].mod(openflow.FlowDeleteStrict))
	}
	for i := range c.come {
		mods = append(mods, c.come[i].mod(openflow.FlowAdd))
	}
	return mods
}

func meterMods(meters []Meter, command openflow.MeterCommand) []openflow.Encoder {
	list := make([]openflow.Encoder, len(meters))
	for i := range meters {
		list[i] = meters[i].mod(command)
	}
	return list
}
