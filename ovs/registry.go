// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"context"
	"fmt"

	"github.com/linkspan/linkspan"
)

// registry is the bridge's part of the replica by name, read once for a
// transaction and updated by it.
type registry struct {
	bridge *bridgeRow
	ports  map[string]*portRow  // of this bridge
	others map[string]bool      // names taken by ports outside it
	ifaces map[string]*ifaceRow // all
}

func (s *session) registry(ctx context.Context, bridge string) (*registry, error) {
	row, err := s.bridge(ctx, bridge)
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, &linkspan.Error{Code: linkspan.NotFound, Message: "bridge " + bridge + " does not exist"}
	}
	reg := &registry{bridge: row, ports: make(map[string]*portRow), others: make(map[string]bool),
		ifaces: make(map[string]*ifaceRow)}
	if err := s.fill(ctx, reg); err != nil {
		return nil, err
	}
	return reg, nil
}

func (s *session) fill(ctx context.Context, reg *registry) error {
	var ports []*portRow
	if err := s.client.List(ctx, &ports); err != nil {
		return fmt.Errorf("list Port: %w", err)
	}
	var ifaces []*ifaceRow
	if err := s.client.List(ctx, &ifaces); err != nil {
		return fmt.Errorf("list Interface: %w", err)
	}
	mine := make(map[string]bool, len(reg.bridge.Ports))
	for _, uuid := range reg.bridge.Ports {
		mine[uuid] = true
	}
	for _, p := range ports {
		if mine[p.UUID] {
			reg.ports[p.Name] = p
		} else {
			reg.others[p.Name] = true
		}
	}
	for _, i := range ifaces {
		reg.ifaces[i.Name] = i
	}
	return nil
}
