// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
)

// DeleteSandbox lets the endpoints of a sandbox leave it and removes it; the
// endpoints stay. A namespace that was given goes on. A sandbox that is gone
// already is no error; what cannot be removed now is removed later.
func (c *Controller) DeleteSandbox(ctx context.Context, id string) error {
	s, ok := c.ledger.sandbox(id)
	if !ok {
		return nil
	}
	for _, e := range c.joinedByKey()[s.Key] {
		if err := c.Leave(ctx, e.Network, e.ID); err != nil {
			return fail("delete sandbox", id, err)
		}
	}
	unlock, err := c.locks.exclusive(ctx, sandboxLock(s.Key))
	if err != nil {
		return fail("delete sandbox", id, err)
	}
	defer unlock()
	if s, ok = c.ledger.sandbox(id); !ok {
		return nil
	}
	if s.Removing == nil {
		s.Removing = newRemoval(c.now())
		if err := c.ledger.commit(ctx, putSandbox(s)); err != nil {
			return fail("delete sandbox", id, err)
		}
	}
	c.retryLater("sandbox", id, c.finishSandbox(ctx, s))
	return nil
}

// finishSandbox removes a marked sandbox.
func (c *Controller) finishSandbox(ctx context.Context, s Sandbox) error {
	var err error
	if !s.Given {
		err = netns.Destroy(s.Key)
	}
	if err == nil {
		return c.ledger.commit(ctx, dropSandbox(s.ID))
	}
	s.Removing = s.Removing.failed(c.now(), err)
	if commitErr := c.ledger.commit(ctx, putSandbox(s)); commitErr != nil {
		return commitErr
	}
	return err
}

func (c *Controller) retrySandbox(ctx context.Context, id string) error {
	s, ok := c.ledger.sandbox(id)
	if !ok || s.Removing == nil {
		return nil
	}
	unlock, err := c.locks.exclusive(ctx, sandboxLock(s.Key))
	if err != nil {
		return err
	}
	defer unlock()
	return c.finishSandbox(ctx, s)
}

// sweepSandboxes removes namespaces of no record, and records whose namespace
// is gone, as after a boot.
func (c *Controller) sweepSandboxes(ctx context.Context) error {
	var errs []error
	for _, s := range c.ledger.allSandboxes(func(s Sandbox) bool { return s.Removing == nil }) {
		ns, err := netns.Open(s.Key)
		if err == nil {
			errs = append(errs, ns.Close())
			continue
		}
		if linkspan.CodeOf(err) != linkspan.NotFound {
			errs = append(errs, err)
			continue
		}
		c.log.Warn("sandbox is gone", "sandbox", s.ID, "path", s.Key)
		errs = append(errs, c.DeleteSandbox(ctx, s.ID))
	}
	files, err := os.ReadDir(c.boxes)
	if err != nil {
		return errors.Join(errs...) // no folder: nothing was ever made
	}
	for _, file := range files {
		if _, ok := c.ledger.sandbox(file.Name()); !ok && checkID("sandbox", file.Name()) == nil {
			errs = append(errs, netns.Destroy(filepath.Join(c.boxes, file.Name())))
		}
	}
	return errors.Join(errs...)
}
