// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/ovn-kubernetes/libovsdb/model"
	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"github.com/linkspan/linkspan"
)

// The mark in external_ids that makes a bridge ours.
const (
	ownerKey = "owner"
	owner    = "linkspan"
)

// BridgeSpec is what the integration bridge must be. The rest is fixed: fail
// mode secure, no in-band control, OpenFlow 1.3, the longest packet-in queue.
type BridgeSpec struct {
	Name         string        // must be Config.Bridge; default that
	DPID         linkspan.DPID // never 0
	DatapathType string        // "system" or "netdev"; default what the kernel allows
	HWAddr       linkspan.MAC  // of the local port; default derived from DPID
}

// EnsureBridge makes the bridge, or brings it back to spec, in one
// transaction, and returns when ovs-vswitchd has it. Flows survive unless the
// fail mode or the datapath type had drifted. Controller rows are left alone
// and logged. Errors: Invalid, Conflict (a bridge of that name that is not
// ours), Unavailable.
func (s *Switch) EnsureBridge(ctx context.Context, spec BridgeSpec) error {
	spec, err := s.complete(spec)
	if err != nil {
		return err
	}
	ctx, cancel := limit(ctx, realiseTimeout)
	defer cancel()
	var cfg int
	err = s.with(ctx, func(ctx context.Context, live *session) error {
		ops, err := s.bridgeChange(ctx, live, spec)
		if err != nil || ops == nil {
			return err
		}
		cfg, err = live.commit(ctx, ops)
		return err
	})
	if err != nil {
		return fmt.Errorf("ensure bridge %s: %w", spec.Name, err)
	}
	return s.realised(ctx, cfg, func(ctx context.Context, live *session) (bool, error) {
		row, err := live.bridge(ctx, spec.Name)
		return row != nil && row.DatapathID != nil && *row.DatapathID == spec.DPID.String(), err
	})
}

func (s *Switch) complete(spec BridgeSpec) (BridgeSpec, error) {
	if spec.Name == "" {
		spec.Name = s.cfg.Bridge
	}
	if spec.Name != s.cfg.Bridge || spec.DPID == 0 {
		return spec, &linkspan.Error{Code: linkspan.Invalid, Op: "ensure bridge " + spec.Name,
			Message: fmt.Sprintf("name must be %s and the datapath id not 0", s.cfg.Bridge)}
	}
	if spec.DatapathType == "" {
		spec.DatapathType = datapathType(kernelDatapath())
	}
	if spec.HWAddr == (linkspan.MAC{}) {
		d := uint64(spec.DPID)
		spec.HWAddr = linkspan.MAC{0x02, byte(d >> 56), byte(d >> 48), byte(d >> 16), byte(d >> 8), byte(d)}
	}
	return spec, nil
}

func (s *Switch) bridgeChange(ctx context.Context, live *session, spec BridgeSpec) ([]ovsdb.Operation, error) {
	row, err := live.bridge(ctx, spec.Name)
	if err != nil {
		return nil, err
	}
	if row == nil {
		return live.createBridge(ctx, spec)
	}
	if row.ExternalIDs[ownerKey] != owner {
		return nil, notOurs(spec.Name)
	}
	if len(row.Controller) > 0 {
		s.log.WarnContext(ctx, "bridge has controllers of somebody else", "bridge", spec.Name, "count", len(row.Controller))
	}
	return live.repairBridge(row, spec)
}

func notOurs(name string) error {
	return &linkspan.Error{Code: linkspan.Conflict, Message: "a bridge " + name + " exists that is not ours",
		Hint: "remove it with `ovs-vsctl del-br " + name + "` or choose another bridge name"}
}

// desired overlays spec on row, keeping what others configured beside it.
func (spec BridgeSpec) desired(row *bridgeRow) *bridgeRow {
	want := *row
	secure := "secure"
	want.Name, want.FailMode, want.DatapathType = spec.Name, &secure, spec.DatapathType
	want.Protocols = []string{"OpenFlow13"}
	want.OtherConfig = with(row.OtherConfig, map[string]string{
		"disable-in-band":       "true",
		"datapath-id":           spec.DPID.String(),
		"hwaddr":                spec.HWAddr.String(),
		"controller-queue-size": "512",
	})
	want.ExternalIDs = with(row.ExternalIDs, map[string]string{ownerKey: owner})
	return &want
}

func with(old, more map[string]string) map[string]string {
	sum := make(map[string]string, len(old)+len(more))
	maps.Copy(sum, old)
	maps.Copy(sum, more)
	return sum
}

// repairBridge writes the columns that differ and no others: a write of
// fail_mode may empty the flow tables.
func (s *session) repairBridge(row *bridgeRow, spec BridgeSpec) ([]ovsdb.Operation, error) {
	want := spec.desired(row)
	var drifted []any
	if row.FailMode == nil || *row.FailMode != *want.FailMode {
		drifted = append(drifted, &want.FailMode)
	}
	if row.DatapathType != want.DatapathType {
		drifted = append(drifted, &want.DatapathType)
	}
	if !slices.Equal(row.Protocols, want.Protocols) {
		drifted = append(drifted, &want.Protocols)
	}
	if !maps.Equal(row.OtherConfig, want.OtherConfig) {
		drifted = append(drifted, &want.OtherConfig)
	}
	if len(drifted) == 0 {
		return nil, nil
	}
	return s.client.Where(row).Update(want, drifted...)
}

func (s *session) createBridge(ctx context.Context, spec BridgeSpec) ([]ovsdb.Operation, error) {
	root, err := s.root(ctx)
	if err != nil {
		return nil, err
	}
	const bridge, port, iface = "bridge", "port", "iface"
	row := spec.desired(&bridgeRow{UUID: bridge, Ports: []string{port}})
	ops, err := s.create(
		&ifaceRow{UUID: iface, Name: spec.Name, Type: "internal"},
		&portRow{UUID: port, Name: spec.Name, Interfaces: []string{iface}},
		row)
	if err != nil {
		return nil, fmt.Errorf("rows of bridge %s: %w", spec.Name, err)
	}
	link, err := s.client.Where(root).Mutate(root,
		model.Mutation{Field: &root.Bridges, Mutator: ovsdb.MutateOperationInsert, Value: []string{bridge}})
	return append(ops, link...), err
}

// RemoveBridge deletes our bridge with its ports and flows; a bridge that is
// not there is fine. Errors: Conflict (not ours), Unavailable.
func (s *Switch) RemoveBridge(ctx context.Context) error {
	ctx, cancel := limit(ctx, realiseTimeout)
	defer cancel()
	var cfg int
	err := s.with(ctx, func(ctx context.Context, live *session) error {
		row, err := live.bridge(ctx, s.cfg.Bridge)
		if err != nil || row == nil {
			return err
		}
		if row.ExternalIDs[ownerKey] != owner {
			return notOurs(s.cfg.Bridge)
		}
		cfg, err = live.dropBridge(ctx, row)
		return err
	})
	if err != nil {
		return fmt.Errorf("remove bridge %s: %w", s.cfg.Bridge, err)
	}
	return s.realised(ctx, cfg, nil)
}

func (s *session) dropBridge(ctx context.Context, row *bridgeRow) (int, error) {
	root, err := s.root(ctx)
	if err != nil {
		return 0, err
	}
	ops, err := s.client.Where(root).Mutate(root,
		model.Mutation{Field: &root.Bridges, Mutator: ovsdb.MutateOperationDelete, Value: []string{row.UUID}})
	if err != nil {
		return 0, fmt.Errorf("unlink bridge: %w", err)
	}
	return s.commit(ctx, ops)
}

// bridge returns the row of that name, or nil.
func (s *session) bridge(ctx context.Context, name string) (*bridgeRow, error) {
	var rows []*bridgeRow
	err := s.client.WhereCache(func(b *bridgeRow) bool { return b.Name == name }).List(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("list Bridge: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return rows[0], nil
}
