// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/ovn-kubernetes/libovsdb/model"
	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"github.com/linkspan/linkspan"
)

// plan is the difference between the database and what a batch of changes
// wants of the bridge's ports.
type plan struct {
	reg *registry
	put map[string]Port
	cut map[string]bool
}

func newPlan(reg *registry) *plan {
	return &plan{reg: reg, put: make(map[string]Port), cut: make(map[string]bool)}
}

// add notes p and says whether it is new to the bridge.
func (pl *plan) add(p Port) (fresh bool, err error) {
	if p.Name == pl.reg.bridge.Name || pl.reg.others[p.Name] {
		return false, &linkspan.Error{Code: linkspan.Conflict, Op: "add port " + p.Name,
			Message: "the name belongs to another bridge or to the bridge itself"}
	}
	_, planned := pl.put[p.Name]
	pl.put[p.Name] = p
	delete(pl.cut, p.Name)
	return pl.reg.ports[p.Name] == nil && !planned, nil
}

func (pl *plan) remove(name string) {
	delete(pl.put, name)
	if pl.reg.ports[name] != nil && name != pl.reg.bridge.Name {
		pl.cut[name] = true
	}
}

// operations returns nothing when the database already is as wanted. Port and
// Interface rows that no bridge refers to are collected by the server.
func (pl *plan) operations(live *session) ([]ovsdb.Operation, error) {
	var (
		ops      []ovsdb.Operation
		inserted []string
	)
	for i, name := range slices.Sorted(maps.Keys(pl.put)) {
		p := pl.put[name]
		if pl.reg.ports[name] != nil {
			more, err := pl.update(live, p)
			if err != nil {
				return nil, fmt.Errorf("update port %s: %w", name, err)
			}
			ops = append(ops, more...)
			continue
		}
		id := fmt.Sprintf("port%d", i)
		more, err := insert(live, p, id)
		if err != nil {
			return nil, fmt.Errorf("insert port %s: %w", name, err)
		}
		ops, inserted = append(ops, more...), append(inserted, id)
	}
	link, err := pl.link(live, inserted)
	return append(ops, link...), err
}

func insert(live *session, p Port, id string) ([]ovsdb.Operation, error) {
	iface := &ifaceRow{UUID: "of_" + id, Name: p.Name, ExternalIDs: p.ExternalIDs, OFPortRequest: request(p.OFPort)}
	port := &portRow{UUID: id, Name: p.Name, Interfaces: []string{"of_" + id}}
	if p.Peer != "" {
		nowhere := nowhereVLAN
		iface.Type, iface.Options = "patch", map[string]string{peerOption: p.Peer}
		port.Tag, port.OtherConfig = &nowhere, map[string]string{"rstp-enable": "false"}
	}
	if p.VLAN != 0 {
		tag := int(p.VLAN)
		port.Tag = &tag
	}
	return live.create(iface, port)
}

// peerOption names the other end of a patch (ovs-vswitchd.conf.db(5), Interface options).
const peerOption = "peer"

// nowhereVLAN is the VLAN of patches, which no frame is of (IEEE 802.1Q, 9.6).
const nowhereVLAN = 4095

func (pl *plan) update(live *session, p Port) ([]ovsdb.Operation, error) {
	row := pl.reg.ifaces[p.Name]
	if row == nil {
		return nil, &linkspan.Error{Code: linkspan.Conflict, Message: "the port has no interface of its own name"}
	}
	if row.Options[peerOption] != p.Peer {
		return nil, &linkspan.Error{Code: linkspan.Conflict, Message: "it is there and joined to " + strconv.Quote(row.Options[peerOption])}
	}
	if number(row.OFPortRequest) == p.OFPort && maps.Equal(row.ExternalIDs, p.ExternalIDs) {
		return nil, nil
	}
	want := &ifaceRow{UUID: row.UUID, OFPortRequest: request(p.OFPort), ExternalIDs: p.ExternalIDs}
	return live.client.Where(row).Update(want, &want.OFPortRequest, &want.ExternalIDs)
}

func (pl *plan) link(live *session, inserted []string) ([]ovsdb.Operation, error) {
	bridge := pl.reg.bridge
	var muts []model.Mutation
	if len(inserted) > 0 {
		muts = append(muts, model.Mutation{Field: &bridge.Ports, Mutator: ovsdb.MutateOperationInsert, Value: inserted})
	}
	if len(pl.cut) > 0 {
		var rows []string
		for _, name := range slices.Sorted(maps.Keys(pl.cut)) {
			rows = append(rows, pl.reg.ports[name].UUID)
		}
		muts = append(muts, model.Mutation{Field: &bridge.Ports, Mutator: ovsdb.MutateOperationDelete, Value: rows})
	}
	if len(muts) == 0 {
		return nil, nil
	}
	return live.client.Where(bridge).Mutate(bridge, muts...)
}

func request(n uint32) *int {
	if n == 0 {
		return nil
	}
	v := int(n)
	return &v
}
