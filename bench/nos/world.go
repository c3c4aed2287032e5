// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"github.com/linkspan/linkspan/nos/apply"
	"github.com/linkspan/linkspan/nos/apply/acl"
	"github.com/linkspan/linkspan/nos/apply/bridge"
	"github.com/linkspan/linkspan/nos/apply/link"
	"github.com/linkspan/linkspan/nos/apply/queue"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/forward"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs"
)

// world is a switch, with all parts that the program has for bridges and devices.
type world struct {
	*options
	ovs    *openvswitch
	sw     *ovs.Switch
	links  *link.Links
	schema *schema.Schema
	disk   *config.Directory
	m      *config.Manager
	stop   context.CancelFunc
	ended  chan struct{}
	line   int // changes count up
}

func (c *options) world(ctx context.Context) (w *world, err error) {
	w = &world{options: c}
	if w.ovs, err = startOpenvswitch(ctx, c.dir); err != nil {
		return nil, err
	}
	if err = makeDevices(c.ports); err == nil {
		w.schema, err = schema.Base()
	}
	if err == nil {
		w.disk, err = config.OpenDirectory(filepath.Join(c.dir, "config"))
	}
	if err == nil {
		err = w.start(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// start makes the parts and reads the revisions, as at a start of the program.
func (w *world) start(ctx context.Context) (err error) {
	w.sw = ovs.Start(ovs.Config{Bridge: bridge.Name, RunDir: w.dir})
	if w.links, err = link.New(link.Options{File: filepath.Join(w.dir, "links.json"), Log: slog.New(slog.DiscardHandler)}); err != nil {
		return err
	}
	flows := forward.New(forward.Options{Dial: w.sw.Channel})
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	w.stop, w.ended = stop, make(chan struct{})
	go func() {
		defer close(w.ended)
		_ = flows.Run(run) // ends with its context, and with no other error
	}()
	w.m, err = config.Open(config.Options{
		Disk: w.disk, Schema: w.schema, BootID: "one", Log: slog.New(slog.DiscardHandler),
		Host: apply.Of(
			apply.Part{Name: "addresses", Host: w.links.Leaving()},
			apply.Part{Name: "bridge", Host: bridge.New(bridge.Config{Switch: w.sw})},
			apply.Part{Name: "addresses", Host: w.links.Coming()},
			apply.Part{Name: "access lists", Host: acl.New(acl.Options{})},
			apply.Part{Name: "queues", Host: queue.New(queue.Options{})},
			apply.Part{Name: "forward", Host: flows},
		),
	})
	return err
}

// end ends the parts; what they have made stays.
func (w *world) end() {
	if w.stop != nil {
		w.stop()
		<-w.ended
	}
	if w.links != nil {
		w.links.Close()
	}
	if w.sw != nil {
		w.sw.Close()
	}
	w.stop, w.links, w.sw = nil, nil, nil
}

func (w *world) close() error {
	w.end()
	w.ovs.stop()
	if w.disk != nil {
		return w.disk.Close()
	}
	return nil
}

// session opens an editor with changes, which do is given.
func (w *world) session(commands string, do func(*config.Session) error) error {
	s := w.m.Edit(config.Author{Who: "bench", How: "api"})
	defer s.Close()
	if err := s.Merge(tree.Commands, []byte(commands)); err != nil {
		return err
	}
	return do(s)
}

// commit commits changes.
func (w *world) commit(ctx context.Context, commands string) error {
	return w.session(commands, func(s *config.Session) error {
		_, err := s.Commit(ctx, config.Commit{})
		return err
	})
}

// next returns a VLAN that the port in the middle does not have yet.
func (w *world) next() (port string, vlan int) {
	w.line++
	return device(w.ports / 2), w.line%w.vlans + 1
}

// move gives a port another VLAN as a commit of one line.
func (w *world) move(ctx context.Context) error {
	port, vlan := w.next()
	return w.commit(ctx, fmt.Sprintf("set ports %s vlan %d\n", port, vlan))
}

// describe changes what only the configuration knows.
func (w *world) describe(ctx context.Context) error {
	port, n := w.next()
	return w.commit(ctx, fmt.Sprintf("set ports %s description \"desk %d\"\n", port, n))
}

// moveAlone does in Open vSwitch what move does there, on a connection that is open: one
// operation on one row.
func (w *world) moveAlone(ctx context.Context) error {
	port, vlan := w.next()
	return w.sw.Change(ctx, func(context.Context, ovs.Rows) ([]ovsdb.Operation, error) {
		return []ovsdb.Operation{{
			Op: ovsdb.OperationUpdate, Table: "Port", Row: ovsdb.Row{"tag": vlan},
			Where: []ovsdb.Condition{ovsdb.NewCondition("name", ovsdb.ConditionEqual, port)},
		}}, nil
	})
}

// moveByVsctl does it as people do.
func (w *world) moveByVsctl(ctx context.Context) error {
	port, vlan := w.next()
	return w.ovs.vsctl(ctx, "set", "port", port, fmt.Sprintf("tag=%d", vlan))
}
