// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/ovn-kubernetes/libovsdb/model"
	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"github.com/linkspan/linkspan"
)

// Joint is a patch between two bridges: a port in each. Their Peer is each other's name, whatever is
// set.
type Joint struct{ Here, There Port }

// AddJoints joins the bridge of the Switch to another one in one transaction, as Open vSwitch
// takes no end whose peer is not there, and returns when all have their numbers. Joints
// that are there get the external ids. Errors: NotFound (no such bridge), Conflict (a name
// or a number is another's), Unavailable.
func (s *Switch) AddJoints(ctx context.Context, far string, joints []Joint) error {
	ctx, cancel := limit(ctx, realiseTimeout)
	defer cancel()
	here, there := make(map[string]Port, len(joints)), make(map[string]Port, len(joints))
	for _, j := range joints {
		j.Here.Peer, j.There.Peer = j.There.Name, j.Here.Name
		here[j.Here.Name], there[j.There.Name] = j.Here, j.There
	}
	ends := map[string]map[string]Port{s.cfg.Bridge: here, far: there}
	for _, end := range ends {
		for _, p := range end {
			if err := p.Validate(); err != nil {
				return err
			}
		}
	}
	cfg, err := s.join(ctx, func(ctx context.Context, live *session) (ops []ovsdb.Operation, err error) {
		for i, bridge := range slices.Sorted(maps.Keys(ends)) {
			more, err := live.joinBridge(ctx, bridge, ends[bridge], i)
			if err != nil {
				return nil, err
			}
			ops = append(ops, more...)
		}
		return ops, nil
	})
	if err != nil || cfg == 0 {
		return err
	}
	return s.joined(ctx, cfg, ends)
}

// DelJoints removes joints; those that are not there are fine. Errors: Unavailable.
func (s *Switch) DelJoints(ctx context.Context, far string, joints []Joint) error {
	ctx, cancel := limit(ctx, realiseTimeout)
	defer cancel()
	names := map[string][]string{s.cfg.Bridge: nil, far: nil}
	for _, j := range joints {
		names[s.cfg.Bridge], names[far] = append(names[s.cfg.Bridge], j.Here.Name), append(names[far], j.There.Name)
	}
	_, err := s.join(ctx, func(ctx context.Context, live *session) (ops []ovsdb.Operation, err error) {
		for bridge, list := range names {
			reg, err := live.registryOf(ctx, bridge, list)
			if linkspan.CodeOf(err) == linkspan.NotFound {
				continue // no bridge, no port
			}
			if err != nil {
				return nil, err
			}
			plan := newPlan(reg)
			for _, name := range list {
				plan.remove(name)
			}
			more, err := plan.operations(live)
			if err != nil {
				return nil, err
			}
			ops = append(ops, more...)
		}
		return ops, nil
	})
	return err
}

// join sends what compose returns, unless it is nothing.
func (s *Switch) join(ctx context.Context, compose func(context.Context, *session) ([]ovsdb.Operation, error)) (cfg int, err error) {
	err = s.with(ctx, func(ctx context.Context, live *session) error {
		ops, err := compose(ctx, live)
		if err != nil || len(ops) == 0 {
			return err
		}
		cfg, err = live.commit(ctx, ops)
		return err
	})
	return cfg, err
}

// joinBridge returns what adds ends to one bridge; number tells its rows from another's.
func (s *session) joinBridge(ctx context.Context, bridge string, ends map[string]Port, number int) ([]ovsdb.Operation, error) {
	reg, err := s.registryOf(ctx, bridge, slices.Collect(maps.Keys(ends)))
	if err != nil {
		return nil, err
	}
	plan := newPlan(reg)
	var ops []ovsdb.Operation
	var inserted []string
	for i, name := range slices.Sorted(maps.Keys(ends)) {
		p := ends[name]
		fresh, err := plan.add(p)
		if err != nil {
			return nil, err
		}
		id := fmt.Sprintf("end%dof%d", i, number)
		var more []ovsdb.Operation
		if fresh {
			inserted = append(inserted, id)
			more, err = insert(s, p, id)
		} else {
			more, err = plan.update(s, p)
		}
		if err != nil {
			return nil, fmt.Errorf("port %s: %w", name, err)
		}
		ops = append(ops, more...)
	}
	if len(inserted) == 0 {
		return ops, nil
	}
	link, err := s.client.Where(reg.bridge).Mutate(reg.bridge,
		model.Mutation{Field: &reg.bridge.Ports, Mutator: ovsdb.MutateOperationInsert, Value: inserted})
	return append(ops, link...), err
}

// joined waits until all ends have their numbers.
func (s *Switch) joined(ctx context.Context, cfg int, ends map[string]map[string]Port) error {
	var faults []error
	err := s.realised(ctx, cfg, func(ctx context.Context, live *session) (bool, error) {
		faults = nil
		for bridge, list := range ends {
			row, err := live.bridge(ctx, bridge)
			if err != nil {
				return false, err
			}
			for name, p := range list {
				mine, iface, err := live.lookUp(ctx, row, name)
				if err != nil {
					return false, err
				}
				fault, decided := verdict(p, mine, iface)
				if !decided {
					return false, nil
				}
				faults = append(faults, fault)
			}
		}
		return true, nil
	})
	return errors.Join(append(faults, err)...)
}
