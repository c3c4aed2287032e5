// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"context"
	"errors"
	"fmt"

	"github.com/ovn-kubernetes/libovsdb/client"
	"github.com/ovn-kubernetes/libovsdb/model"

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

// registry reads all ports.
func (s *session) registry(ctx context.Context, bridge string) (*registry, error) {
	reg, err := s.emptyRegistry(ctx, bridge)
	if err != nil {
		return nil, err
	}
	return reg, s.fill(ctx, reg)
}

// registryOf reads the ports with the names, if there are any: a bridge may have
// many beside those of one change.
func (s *session) registryOf(ctx context.Context, bridge string, names []string) (*registry, error) {
	reg, err := s.emptyRegistry(ctx, bridge)
	if err != nil {
		return nil, err
	}
	mine := reg.own()
	for _, name := range names {
		port, iface := &portRow{Name: name}, &ifaceRow{Name: name}
		if found, err := s.get(ctx, port); err != nil {
			return nil, fmt.Errorf("look up port %s: %w", name, err)
		} else if found {
			reg.port(port, mine)
		}
		if found, err := s.get(ctx, iface); err != nil {
			return nil, fmt.Errorf("look up interface %s: %w", name, err)
		} else if found {
			reg.ifaces[name] = iface
		}
	}
	return reg, nil
}

// get fills a row whose index is set, and says whether there is one.
func (s *session) get(ctx context.Context, row model.Model) (bool, error) {
	err := s.client.Get(ctx, row)
	if errors.Is(err, client.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (s *session) emptyRegistry(ctx context.Context, bridge string) (*registry, error) {
	row, err := s.bridge(ctx, bridge)
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, &linkspan.Error{Code: linkspan.NotFound, Message: "bridge " + bridge + " does not exist"}
	}
	return &registry{bridge: row, ports: make(map[string]*portRow), others: make(map[string]bool),
		ifaces: make(map[string]*ifaceRow)}, nil
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
	mine := reg.own()
	for _, p := range ports {
		reg.port(p, mine)
	}
	for _, i := range ifaces {
		reg.ifaces[i.Name] = i
	}
	return nil
}

// own returns the ids of the bridge's ports.
func (r *registry) own() map[string]bool {
	mine := make(map[string]bool, len(r.bridge.Ports))
	for _, uuid := range r.bridge.Ports {
		mine[uuid] = true
	}
	return mine
}

func (r *registry) port(p *portRow, mine map[string]bool) {
	if mine[p.UUID] {
		r.ports[p.Name] = p
	} else {
		r.others[p.Name] = true
	}
}
