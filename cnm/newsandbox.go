// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"path/filepath"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
)

// SandboxSpec is what a sandbox is made from.
type SandboxSpec struct {
	ID   string // empty: a random one
	Name string // empty: it has none
	// Path is a network namespace that there is already, such as
	// /proc/PID/ns/net; empty: a new one, with its loopback up.
	Path string
}

// NewSandbox makes a network namespace, or takes in one that there is, so that
// Join sets endpoints up in it. Codes: Exists when name, id or path are in use,
// NotFound when there is no namespace at the path.
func (c *Controller) NewSandbox(ctx context.Context, spec SandboxSpec) (Sandbox, error) {
	if spec.ID == "" {
		spec.ID = newID()
	}
	s, err := c.newSandbox(ctx, spec)
	if err != nil {
		return Sandbox{}, fail("create sandbox", cmpName(spec.Name, spec.ID), err)
	}
	return s, nil
}

func (c *Controller) newSandbox(ctx context.Context, spec SandboxSpec) (Sandbox, error) {
	if err := checkID("sandbox", spec.ID); err != nil {
		return Sandbox{}, err
	}
	s := Sandbox{ID: spec.ID, Name: spec.Name, Key: spec.Path, Given: spec.Path != "", Created: c.now(), Removing: newIntent(c.now())}
	if !s.Given {
		s.Key = filepath.Join(c.boxes, s.ID)
	}
	unlockName, err := c.locks.exclusive(ctx, nameLock("sandbox", ""))
	if err != nil {
		return Sandbox{}, err
	}
	defer unlockName()
	if err := c.checkSandbox(s); err != nil {
		return Sandbox{}, err
	}
	if err := c.ledger.commit(ctx, putSandbox(s)); err != nil {
		return Sandbox{}, err
	}
	return c.confirmSandbox(ctx, s)
}

// checkSandbox refuses what another sandbox has.
func (c *Controller) checkSandbox(s Sandbox) error {
	if s.Name != "" {
		if err := linkspan.ValidateName("sandbox", s.Name); err != nil {
			return err
		}
	}
	for _, other := range c.ledger.allSandboxes(nil) {
		if other.ID == s.ID || other.Key == s.Key || s.Name != "" && other.Name == s.Name {
			return &linkspan.Error{Code: linkspan.Exists, Message: "sandbox " + cmpName(other.Name, other.ID) + " exists already"}
		}
	}
	return nil
}

// confirmSandbox makes the namespace and takes the mark off the record, or
// takes both away again.
func (c *Controller) confirmSandbox(ctx context.Context, s Sandbox) (Sandbox, error) {
	var undo Undo
	undo.Add(func(ctx context.Context) error { return c.finishSandbox(ctx, s) })
	if err := openOrMake(s); err != nil {
		return Sandbox{}, undo.Run(ctx, err)
	}
	s.Removing = nil
	if err := c.ledger.commit(ctx, putSandbox(s)); err != nil {
		return Sandbox{}, undo.Run(ctx, err)
	}
	return s, nil
}

func openOrMake(s Sandbox) error {
	if !s.Given {
		return netns.Create(s.Key)
	}
	ns, err := netns.Open(s.Key)
	if err != nil {
		return err
	}
	return ns.Close()
}

// cmpName returns the name or, when there is none, the id.
func cmpName(name, id string) string {
	if name != "" {
		return name
	}
	return id
}
