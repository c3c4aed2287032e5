// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ovn-kubernetes/libovsdb/model"
	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"github.com/linkspan/linkspan"
)

// Guest is a bridge that a controller of somebody else has for itself, joined to the
// bridge of a Switch by patches. Whatever its controller does there, it does to the guest alone.
type Guest struct {
	Bridge  string
	Target  string // the controller, as in the table Controller: tcp:192.0.2.70:6653, ssl:...
	Note    string // whose it is, for people
	Patches []Patch
}

// Patch is two ports that are joined: Here in the bridge of the Switch, There in the guest.
type Patch struct{ Here, There string }

// guestKey marks bridges of guests in their external_ids, and patches to them.
const guestKey = "linkspan-guest"

// SetGuests makes exactly these bridges of guests exist, in one transaction, and returns when
// ovs-vswitchd has them. Flows of a guest that stays stay, also when its controller is at another
// address. Errors: NotFound (the Switch has no bridge), Conflict (a bridge of that name
// that is no guest), Invalid (a target with TLS, and Open vSwitch has no keys), Unavailable.
func (s *Switch) SetGuests(ctx context.Context, guests []Guest) error {
	ctx, cancel := limit(ctx, realiseTimeout)
	defer cancel()
	var cfg int
	err := s.with(ctx, func(ctx context.Context, live *session) error {
		ops, err := live.guestChange(ctx, s.cfg.Bridge, guests)
		if err != nil || len(ops) == 0 {
			return err
		}
		cfg, err = live.commit(ctx, ops)
		return err
	})
	if err != nil || cfg == 0 {
		return err
	}
	return s.realised(ctx, cfg, nil)
}

// guestChange returns what makes the guests be as asked for.
func (s *session) guestChange(ctx context.Context, home string, guests []Guest) ([]ovsdb.Operation, error) {
	var rows []*bridgeRow
	if err := s.client.List(ctx, &rows); err != nil {
		return nil, fmt.Errorf("list Bridge: %w", err)
	}
	there := make(map[string]*bridgeRow)
	for _, row := range rows {
		there[row.Name] = row
	}
	hosts := there[home]
	if hosts == nil && len(guests) > 0 {
		return nil, &linkspan.Error{Code: linkspan.NotFound, Message: "bridge " + home + " does not exist"}
	}
	c := guesting{session: s, home: hosts, patches: make(map[string]Patch)}
	root, err := s.root(ctx)
	if err != nil {
		return nil, err
	}
	for i := range guests {
		g := &guests[i]
		if strings.HasPrefix(g.Target, "ssl:") && root.SSL == nil {
			return nil, &linkspan.Error{
				Code: linkspan.Invalid, Message: "Open vSwitch has no keys for a connection with TLS to " + g.Note,
				Hint: "ovs-vsctl set-ssl KEY CERTIFICATE CA-CERTIFICATE, or set control foreign " + g.Note + " tls false",
			}
		}
		err := c.guest(ctx, there[g.Bridge], g)
		if err != nil {
			return nil, err
		}
		delete(there, g.Bridge)
	}
	for _, name := range slices.Sorted(maps.Keys(there)) {
		if there[name].ExternalIDs[guestKey] != "" {
			c.gone = append(c.gone, there[name].UUID)
		}
	}
	return c.finish(ctx, root)
}

// guesting is a change of guests in the making.
type guesting struct {
	*session
	home    *bridgeRow
	patches map[string]Patch // that home should have, by its end
	ops     []ovsdb.Operation
	made    []string // bridges
	gone    []string
	number  int
}

func (c *guesting) add(ops []ovsdb.Operation, err error) error {
	c.ops = append(c.ops, ops...)
	return err
}

// guest makes a bridge, or brings one that is there to what it should be.
func (c *guesting) guest(ctx context.Context, row *bridgeRow, g *Guest) error {
	for _, p := range g.Patches {
		c.patches[p.Here] = p
	}
	if row == nil {
		return c.create(g)
	}
	if row.ExternalIDs[guestKey] == "" {
		return notOurs(row.Name)
	}
	if err := c.target(ctx, row, g); err != nil {
		return err
	}
	want := make(map[string]Port)
	for _, p := range g.Patches {
		want[p.There] = Port{Name: p.There, Peer: p.Here, ExternalIDs: map[string]string{guestKey: g.Note}}
	}
	return c.ports(ctx, row, want)
}

// target has the guest's controller be at its address.
func (c *guesting) target(ctx context.Context, row *bridgeRow, g *Guest) error {
	var rows []*controllerRow
	if err := c.client.List(ctx, &rows); err != nil {
		return fmt.Errorf("list Controller: %w", err)
	}
	for _, r := range rows {
		if len(row.Controller) == 1 && r.UUID == row.Controller[0] {
			if r.Target == g.Target {
				return nil
			}
			want := &controllerRow{UUID: r.UUID, Target: g.Target}
			return c.add(c.client.Where(r).Update(want, &want.Target))
		}
	}
	// Somebody has changed that by hand: it is made anew.
	c.number++
	id := fmt.Sprintf("again%d", c.number)
	if err := c.add(c.session.create(&controllerRow{UUID: id, Target: g.Target, ConnectionMode: outOfBand()})); err != nil {
		return err
	}
	want := &bridgeRow{UUID: row.UUID, Controller: []string{id}}
	return c.add(c.client.Where(row).Update(want, &want.Controller))
}

func outOfBand() *string {
	mode := "out-of-band"
	return &mode
}

func (c *guesting) create(g *Guest) error {
	c.number++
	bridge, port := fmt.Sprintf("guest%d", c.number), fmt.Sprintf("guest%dlocal", c.number)
	controller := fmt.Sprintf("guest%dcontroller", c.number)
	secure := "secure"
	row := &bridgeRow{
		UUID: bridge, Name: g.Bridge, DatapathType: c.home.DatapathType, FailMode: &secure, Controller: []string{controller},
		OtherConfig: map[string]string{"disable-in-band": "true"},
		ExternalIDs: map[string]string{ownerKey: owner, guestKey: g.Note}, Ports: []string{port},
	}
	rows := []model.Model{
		&ifaceRow{UUID: port + "if", Name: g.Bridge, Type: "internal"}, &portRow{UUID: port, Name: g.Bridge, Interfaces: []string{port + "if"}},
		&controllerRow{UUID: controller, Target: g.Target, ConnectionMode: outOfBand()},
	}
	if err := c.add(c.session.create(rows...)); err != nil {
		return err
	}
	for _, p := range g.Patches {
		id, err := c.patch(Port{Name: p.There, Peer: p.Here, ExternalIDs: map[string]string{guestKey: g.Note}})
		if err != nil {
			return err
		}
		row.Ports = append(row.Ports, id)
	}
	c.made = append(c.made, bridge)
	return c.add(c.session.create(row))
}

// patch inserts a port and returns its name in the transaction.
func (c *guesting) patch(p Port) (string, error) {
	c.number++
	id := fmt.Sprintf("patch%d", c.number)
	return id, c.add(insert(c.session, p, id))
}

// ports makes exactly these patches to guests exist in a bridge.
func (c *guesting) ports(ctx context.Context, row *bridgeRow, want map[string]Port) error {
	reg, err := c.registry(ctx, row.Name)
	if err != nil {
		return err
	}
	var gone, come []string
	for name, port := range reg.ports {
		iface := reg.ifaces[name]
		if iface == nil || iface.ExternalIDs[guestKey] == "" {
			continue
		}
		if p, stays := want[name]; stays && iface.Options[peerOption] == p.Peer {
			delete(want, name)
			continue
		}
		gone = append(gone, port.UUID)
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		id, err := c.patch(want[name])
		if err != nil {
			return err
		}
		come = append(come, id)
	}
	var muts []model.Mutation
	if len(gone) > 0 {
		muts = append(muts, model.Mutation{Field: &row.Ports, Mutator: ovsdb.MutateOperationDelete, Value: gone})
	}
	if len(come) > 0 {
		muts = append(muts, model.Mutation{Field: &row.Ports, Mutator: ovsdb.MutateOperationInsert, Value: come})
	}
	if len(muts) == 0 {
		return nil
	}
	return c.add(c.client.Where(row).Mutate(row, muts...))
}

// finish adds the ends in the bridge of the Switch, and the list of bridges.
func (c *guesting) finish(ctx context.Context, root *rootRow) ([]ovsdb.Operation, error) {
	want := make(map[string]Port, len(c.patches))
	for here, p := range c.patches {
		want[here] = Port{Name: here, Peer: p.There, ExternalIDs: map[string]string{guestKey: p.There}}
	}
	if c.home != nil { // else its ports have gone with it
		if err := c.ports(ctx, c.home, want); err != nil {
			return nil, err
		}
	}
	var muts []model.Mutation
	if len(c.gone) > 0 {
		muts = append(muts, model.Mutation{Field: &root.Bridges, Mutator: ovsdb.MutateOperationDelete, Value: c.gone})
	}
	if len(c.made) > 0 {
		muts = append(muts, model.Mutation{Field: &root.Bridges, Mutator: ovsdb.MutateOperationInsert, Value: c.made})
	}
	if len(muts) == 0 {
		return c.ops, nil
	}
	err := c.add(c.client.Where(root).Mutate(root, muts...))
	return c.ops, err
}
