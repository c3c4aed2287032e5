// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/linkspan/linkspan/bench/report"
	"github.com/linkspan/linkspan/nos/apply/bridge"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs"
)

// aim is what the commit of one line may take on top of what Open vSwitch needs.
const aim = 200 * time.Millisecond

// fewBoots is how often a boot is measured, which takes long.
const fewBoots = 5

// benchmark makes the switch, measures, and writes the report.
func (c *options) benchmark(ctx context.Context, args []string) (err error) {
	w, err := c.world(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	first, err := lap(func() error { return w.commit(ctx, c.configuration()) })
	if err != nil {
		return fmt.Errorf("commit of everything: %w", err)
	}
	r, err := report.New(ctx, "Configuration of a large switch", append([]string{"bench/run", "nos"}, args...))
	if err != nil {
		return err
	}
	r.Versions["Open vSwitch"] = report.Version(ctx, "ovs-vswitchd", "--version")
	r.Facts = []string{
		fmt.Sprintf("%d ports, %d VLANs, %d of them with an interface that routes; datapath %s", c.ports, c.vlans, c.interfaces, ovs.DatapathType()),
		fmt.Sprintf("the commit of all of it, on a bridge that was not there, took %s", round(first)),
	}
	for _, measure := range []func(context.Context, *report.Report) error{w.oneLine, w.lookings, w.boots} {
		if err := measure(ctx, r); err != nil {
			return err
		}
	}
	return r.Write(c.results, c.name)
}

func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

// oneLine measures commits of one line.
func (w *world) oneLine(ctx context.Context, r *report.Report) error {
	rows, err := inTurn(ctx, w.pairs, w.changes, []subject{
		{name: "Open vSwitch alone", do: w.moveAlone},
		{name: "ovs-vsctl", do: w.moveByVsctl},
		{name: "commit", do: w.move},
		{name: "commit of a description", do: w.describe},
	})
	if err != nil {
		return err
	}
	over := more(&rows[2], &rows[0])
	cell := report.Cell{
		Name: "Commit of one line", Rows: rows,
		About: "A port gets another VLAN, until ovs-vswitchd has realised it. Open vSwitch alone: one operation on a connection that is open; ovs-vsctl: as people do; " +
			"commit: validated, planned, written and synced to disk, applied by OVSDB and OpenFlow, read back, made current. A description is nothing to Open vSwitch: the rest of a commit alone.",
	}
	r.Facts = append(r.Facts, fmt.Sprintf("the commit of one line takes %s more than Open vSwitch alone (median of %d pairs; the aim is %s): %s", round(over), w.pairs, aim, reached(over <= aim)))
	if err := ratio(&cell, &rows[2], &rows[0]); err != nil {
		return err
	}
	if err := ratio(&cell, &rows[2], &rows[1]); err != nil {
		return err
	}
	r.Cells = append(r.Cells, cell)
	return nil
}

func reached(yes bool) string {
	if yes {
		return "reached"
	}
	return "not reached"
}

// lookings measures what is asked before a commit, and afterwards.
func (w *world) lookings(ctx context.Context, r *report.Report) error {
	port, vlan := w.next()
	line := fmt.Sprintf("set ports %s vlan %d\n", port, vlan)
	rows, err := inTurn(ctx, w.pairs, w.changes, []subject{
		{name: "edit and compare", do: func(context.Context) error {
			return w.session(line, func(s *config.Session) error {
				if text := tree.Compare(w.m.Running(), s.Candidate(), tree.Hide); len(text) == 0 {
					return errors.New("nothing differs")
				}
				return nil
			})
		}},
		{name: "commit check", do: func(ctx context.Context) error {
			return w.session(line, func(s *config.Session) error { _, err := s.Check(ctx); return err })
		}},
		{name: "drift", do: func(ctx context.Context) error {
			_, err := w.m.Drift(ctx)
			return err
		}},
	})
	if err != nil {
		return err
	}
	r.Cells = append(r.Cells, report.Cell{
		Name: "Looking", About: "One line is edited and compared with what runs; checked against the host; and all that is on the host is compared with all that is configured.", Rows: rows,
	})
	return nil
}

// boots measures a start of the program.
func (w *world) boots(ctx context.Context, r *report.Report) error {
	boot := func(ctx context.Context) error {
		if err := w.start(ctx); err != nil {
			return err
		}
		return w.m.Boot(ctx)
	}
	again := func(ctx context.Context) error {
		w.end()
		return boot(ctx)
	}
	// What was measured before may have left the port in the middle as it is not configured.
	if err := again(ctx); err != nil {
		return err
	}
	rows, err := inTurn(ctx, max(2, min(w.pairs, fewBoots)), 1, []subject{
		{name: "boot, all is there", do: boot, undo: func(ctx context.Context) error { err := again(ctx); w.end(); return err }},
		{name: "boot, empty Open vSwitch", do: boot, undo: w.empty},
		{name: "ovs-vsctl, empty Open vSwitch", do: w.fill, undo: w.empty},
	})
	if err != nil {
		return err
	}
	cell := report.Cell{
		Name: "Boot", Rows: rows,
		About: "The revisions are read, and the host made as the last one says: where it is so already, and where Open vSwitch has no bridge. ovs-vsctl makes the same ports " +
			"and interfaces of VLANs in one transaction, without addresses and flows.",
	}
	if err := ratio(&cell, &rows[1], &rows[2]); err != nil {
		return err
	}
	r.Cells = append(r.Cells, cell)
	return nil
}

// empty ends the parts and removes the bridge.
func (w *world) empty(ctx context.Context) error {
	w.end()
	return w.ovs.vsctl(ctx, "del-br", bridge.Name)
}

// fill makes the bridge's ports as people do who know that one transaction is best.
func (w *world) fill(ctx context.Context) error {
	args := []string{"add-br", bridge.Name, "--", "set", "bridge", bridge.Name, "datapath_type=" + ovs.DatapathType(), "fail_mode=secure"}
	for v := 1; v <= w.interfaces; v++ {
		name := bridge.Interface(fmt.Sprint(v))
		args = append(args, "--", "add-port", bridge.Name, name, fmt.Sprintf("tag=%d", v), "--", "set", "interface", name, "type=internal")
	}
	for p := range w.ports {
		args = append(args, "--", "add-port", bridge.Name, device(p), fmt.Sprintf("tag=%d", p%w.vlans+1), "vlan_mode=access")
	}
	return w.ovs.vsctl(ctx, args...)
}
