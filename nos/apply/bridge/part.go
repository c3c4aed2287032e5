// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs"
)

// Config is what the bridge is made with.
type Config struct {
	Switch   *ovs.Switch        // of the bridge [Name]; it may be away
	Datapath string             // ovs.DatapathType if empty
	Address  linkspan.MAC       // of a bridge that is new, and of VLAN interfaces; a random one if zero
	Wait     time.Duration      // how long an Open vSwitch that is away is waited for; 5 s if zero
	Patience time.Duration      // how long ovs-vswitchd may take for a small change; 30 s if zero
	Device   func(string) error // why the host has no device of a name; asks the kernel if nil
}

// Part is what Open vSwitch keeps of a configuration.
type Part struct{ Config }

var _ config.Host = (*Part)(nil)

// New returns the part. Nothing is read before the first plan.
func New(c Config) *Part {
	if c.Datapath == "" {
		c.Datapath = ovs.DatapathType()
	}
	if c.Wait == 0 {
		c.Wait = 5 * time.Second
	}
	if c.Patience == 0 {
		c.Patience = 30 * time.Second
	}
	if c.Device == nil {
		c.Device = deviceOfHost
	}
	return &Part{c}
}

// Await returns when Open vSwitch is there: for those who started without it, to apply
// then what could not be applied.
func (p *Part) Await(ctx context.Context) error {
	for {
		err := p.Switch.Await(ctx)
		if linkspan.CodeOf(err) != linkspan.Unavailable || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// Plan compares what changes with what there is. Errors: what cannot be, as
// [tree.Problems]; Unavailable without Open vSwitch.
func (p *Part) Plan(ctx context.Context, old, new *tree.Tree) (config.Plan, error) {
	pl := &plan{part: p, scope: touched(old, new), unknown: old == nil}
	if pl.scope.none() {
		return pl, nil
	}
	pl.want, pl.left = p.wanted(new, pl.scope)
	have, err := p.look(ctx, pl.scope, pl.want, p.wait(new))
	switch {
	case err != nil && !pl.unknown:
		return nil, err
	case err != nil && !Needed(new):
		return &plan{part: p}, nil // what cannot be there need not go
	case err != nil:
		return pl, nil //nolint:nilerr // Apply tries again, and says so
	}
	pl.prepare(have)
	if n := len(pl.left); n > 0 && !pl.unknown {
		return nil, pl.left[:min(n, tree.MaxProblems)]
	}
	if len(pl.steps) == 0 && !pl.unknown {
		return &plan{part: p}, nil // it is nothing to Open vSwitch
	}
	return pl, nil
}

// wait returns how long an Open vSwitch that is away is waited for: not long where a
// configuration needs none.
func (p *Part) wait(t *tree.Tree) time.Duration {
	if Needed(t) {
		return p.Wait
	}
	return min(p.Wait, time.Second)
}

// look reads a scope, and waits a little for an Open vSwitch that is away.
func (p *Part) look(ctx context.Context, s scope, want rows, wait time.Duration) (*found, error) {
	if err := p.there(ctx, wait); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, p.patience(want))
	defer cancel()
	var have *found
	err := p.Switch.Look(ctx, func(ctx context.Context, db ovs.Rows) (err error) {
		have, err = read(ctx, db, s, namesOf(s, want))
		return err
	})
	return have, err
}

// there waits until the database is there.
func (p *Part) there(ctx context.Context, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return p.Switch.Look(ctx, func(context.Context, ovs.Rows) error { return nil })
}

// patience returns how long something may take that is about rows.
func (p *Part) patience(all rows) time.Duration {
	return p.Patience + patienceRow*time.Duration(len(all))
}

// address gives the bridge and the VLAN interfaces their address: that which the bridge
// has, so that the spanning tree and neighbours know it as the same one.
func (p *Part) address(want rows, have *found) {
	at := have.address
	if at == "" {
		at = p.newAddress().String()
	}
	for _, r := range want {
		switch {
		case r.table == tableBridge:
			r.pair("other_config", "hwaddr", at)
			r.cells["other_config"] = arrange(pairs, r.cells["other_config"])
		case r.table == tableInterface && r.name != Name && slices.Contains(r.cells["type"], "internal"):
			r.set("mac", at)
		}
	}
}

func (p *Part) newAddress() linkspan.MAC {
	if p.Address != (linkspan.MAC{}) {
		return p.Address
	}
	var m linkspan.MAC
	rand.Read(m[:])
	m[0] = m[0]&^1 | 2 // of one station, and administered here
	return m
}

// conflicts returns what is wanted and cannot be, and takes it out of what is wanted:
// names that others have, and devices that are not there, where that is an error.
func (p *Part) conflicts(want rows, have *found, devices bool) tree.Problems {
	var all tree.Problems
	for _, port := range want.of(tablePort) {
		wrong := have.foreign[port.name]
		for _, name := range port.cells["interfaces"] {
			if wrong == "" {
				wrong = p.conflict(want[id{tableInterface, name}], have, devices)
			}
		}
		if wrong != "" {
			all = append(all, &tree.Problem{Path: port.path, Word: max(0, len(port.path)-1), Message: wrong})
			want.without(port)
		}
	}
	return all
}

// conflict returns why a device cannot be of the bridge, "" if it can.
func (p *Part) conflict(device *row, have *found, devices bool) string {
	name := device.name
	if other := have.foreign[name]; other != "" {
		return name + ": " + other
	}
	if have.rows[device.id] != nil || name == Name {
		return ""
	}
	internal := slices.Contains(device.cells["type"], "internal")
	switch err := p.Device(name); {
	case internal && err == nil && devices:
		return "there is a device " + name + " already, which is not of the bridge"
	case !internal && err != nil && devices:
		return "there is no device " + name
	}
	return ""
}

// without removes a port that cannot be, and what is of it alone.
func (all rows) without(port *row) {
	delete(all, port.id)
	for _, name := range port.cells["interfaces"] {
		delete(all, id{tableInterface, name})
	}
}
