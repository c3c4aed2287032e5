// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ovn-kubernetes/libovsdb/model"
	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"github.com/linkspan/linkspan/ovs/netns"
)

// Census says who uses this Open vSwitch, as far as the choice of its fast path
// depends on it.
type Census struct {
	Kernel       bool          // the kernel has Open vSwitch
	UserspaceTSO bool          // set in the database
	Endpoints    int           // ports of our bridge that are a container's
	Bridges      int           // that are not ours
	Foreign      []ForeignPort // of those, by bridge and name
}

// ForeignPort is an interface of a bridge that is not ours.
type ForeignPort struct {
	Bridge, Name string
	Type         string // as in ovs-vswitchd.conf.db(5); "" is an ordinary link
}

// The setting, as in ovs-vswitchd.conf.db(5), Open_vSwitch: other_config.
const tsoKey = "userspace-tso-enable"

// Census takes it. ovs-vswitchd need not run. Errors: Unavailable.
func (s *Switch) Census(ctx context.Context) (*Census, error) {
	ctx, cancel := limit(ctx, callTimeout)
	defer cancel()
	c := &Census{Kernel: kernelDatapath()}
	err := s.with(ctx, func(ctx context.Context, live *session) error { return live.census(ctx, s.cfg.Bridge, c) })
	if err != nil {
		return nil, fmt.Errorf("census: %w", err)
	}
	return c, nil
}

func (s *session) census(ctx context.Context, ours string, c *Census) error {
	root, err := s.root(ctx)
	if err != nil {
		return err
	}
	c.UserspaceTSO = root.OtherConfig[tsoKey] == "true"
	var bridges []*bridgeRow
	if err := s.client.List(ctx, &bridges); err != nil {
		return fmt.Errorf("list Bridge: %w", err)
	}
	c.Endpoints, c.Bridges, c.Foreign = 0, 0, nil
	for _, b := range bridges {
		reg, err := s.registry(ctx, b.Name)
		if err != nil {
			return err
		}
		if b.Name == ours {
			c.Endpoints = reg.endpoints()
			continue
		}
		c.Bridges++
		c.Foreign = append(c.Foreign, reg.foreign()...)
	}
	slices.SortFunc(c.Foreign, func(a, b ForeignPort) int { return strings.Compare(a.Bridge+"/"+a.Name, b.Bridge+"/"+b.Name) })
	return nil
}

func (r *registry) endpoints() (n int) {
	for name := range r.ports {
		if strings.HasPrefix(name, netns.HostPrefix) {
			n++
		}
	}
	return n
}

func (r *registry) foreign() (list []ForeignPort) {
	for _, port := range r.ports {
		for _, i := range r.ifaces {
			if slices.Contains(port.Interfaces, i.UUID) {
				list = append(list, ForeignPort{Bridge: r.bridge.Name, Name: i.Name, Type: i.Type})
			}
		}
	}
	return list
}

// SetUserspaceTSO sets it in the database, or takes it out, and returns when
// ovs-vswitchd has seen that. An ovs-vswitchd that has ports forwards nothing on
// them from the moment it sees the setting until it is started anew (seen with
// 3.1): set it while there are none. Taking it out does nothing before the next
// start. Errors: Unavailable.
func (s *Switch) SetUserspaceTSO(ctx context.Context, on bool) error {
	ctx, cancel := limit(ctx, realiseTimeout)
	defer cancel()
	var cfg int
	err := s.with(ctx, func(ctx context.Context, live *session) (err error) {
		cfg, err = live.setTSO(ctx, on)
		return err
	})
	if err != nil {
		return fmt.Errorf("set userspace TSO: %w", err)
	}
	return s.realised(ctx, cfg, nil)
}

func (s *session) setTSO(ctx context.Context, on bool) (int, error) {
	root, err := s.root(ctx)
	if err != nil {
		return 0, err
	}
	ops, err := s.client.Where(root).Mutate(root,
		model.Mutation{Field: &root.OtherConfig, Mutator: ovsdb.MutateOperationDelete, Value: []string{tsoKey}})
	if err != nil {
		return 0, err
	}
	if on {
		put, err := s.client.Where(root).Mutate(root, model.Mutation{
			Field: &root.OtherConfig, Mutator: ovsdb.MutateOperationInsert, Value: map[string]string{tsoKey: "true"}})
		if err != nil {
			return 0, err
		}
		ops = append(ops, put...)
	}
	return s.commit(ctx, ops)
}
