// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/linkspan/linkspan/cnm/driver/filter"
	"github.com/linkspan/linkspan/metrics"
	"github.com/linkspan/linkspan/nos/apply"
	"github.com/linkspan/linkspan/nos/apply/acl"
	"github.com/linkspan/linkspan/nos/apply/link"
	"github.com/linkspan/linkspan/nos/apply/page"
	"github.com/linkspan/linkspan/nos/apply/queue"
	"github.com/linkspan/linkspan/nos/apply/system"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/forward"
	"github.com/linkspan/linkspan/nos/lldp"
	"github.com/linkspan/linkspan/nos/mode"
	"github.com/linkspan/linkspan/nos/service"
	"github.com/linkspan/linkspan/nos/show"
	"github.com/linkspan/linkspan/ovs"
)

// parts are what applies the configuration. One that is nil is left out.
type parts struct {
	system  *system.Part // names, time, logging
	links   *link.Links  // addresses, devices, static routes
	lists   *acl.Part    // access lists of what is routed
	metrics *page.Part   // where the page of metrics is, beside --metrics; nil: the process has none
	bridge  config.Host  // br-switch, its ports and VLANs, by OVSDB
	forward config.Host  // the flows of br-switch
	modes   *mode.Keeper // who decides about packets

	lldp  config.Host // what neighbours of ports are told
	queue config.Host // which queue packets are in

	switching  *ovs.Switch   // br-switch as Open vSwitch has it
	flows      *forward.Part // is forward
	composites *service.Manager
	placed     *config.Directory // where it is written down what composites there are
	called     metrics.Calls     // of their services
	shown      *show.Catalogue
	neighbours *lldp.Speaker // is lldp
	queues     *queue.Part   // is queue
}

// makeParts makes them; none touches the host yet, and none needs Open vSwitch to be there.
func (n *nos) makeParts() (err error) {
	s := n.role
	if n.system, err = system.New(system.Options{
		Root: s.settings.root, Keep: filepath.Join(s.stateDir, "system.json"), Logging: s.logging, Log: s.log,
	}); err != nil {
		return err
	}
	if n.links, err = link.New(link.Options{File: filepath.Join(s.stateDir, "links.json"), Log: s.log}); err != nil {
		return err
	}
	n.lists = acl.New(acl.Options{Admit: func(devices []string) error { return filter.Admit("linkspan-switch", devices) }, Log: s.log})
	if s.page != nil {
		n.metrics = page.New(page.Options{Handler: s.page, Log: s.log})
	}
	n.makeBridge()
	if err := n.makeComposites(); err != nil {
		return err
	}
	n.makeForward()
	n.makeModes()
	return nil
}

// inOrder returns the parts in the order in which they are applied. Addresses leave before
// the bridge takes their device away.
func (n *nos) inOrder() []apply.Part {
	all := []apply.Part{
		{Name: "system", Host: n.system},
		{Name: "addresses", Host: n.links.Leaving()},
		{Name: "bridge", Host: n.bridge},
		{Name: "addresses", Host: n.links.Coming()},
		{Name: "access lists", Host: n.lists},
		{Name: "queues", Host: n.queue},
		{Name: "forward", Host: n.forward},
		{Name: "addresses", Host: n.links.Telling()},
		{Name: "lldp", Host: n.lldp},
		{Name: "mode", Host: n.modes},
	}
	if n.metrics != nil {
		all = append(all, apply.Part{Name: "metrics", Host: n.metrics})
	}
	return all
}

// running returns what runs with the parts. Each ends with its context, and an
// error of one ends the switch.
func (n *nos) running() []func(context.Context) error {
	return []func(context.Context) error{n.links.Run, n.lists.Run, n.role.logging.Run, n.queues.Run, n.flows.Run, n.neighbours.Run, n.modes.Run, n.composites.Run}
}

// closeParts closes what makeParts has opened; it may have failed half way.
func (n *nos) closeParts() error {
	defer n.closeBridge()
	if n.links != nil {
		n.links.Close()
	}
	err := n.closeComposites()
	if n.metrics != nil {
		return errors.Join(err, n.metrics.Close())
	}
	return err
}
