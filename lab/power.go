// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/lab/boot"
	"github.com/linkspan/linkspan/lab/cgroup"
)

// PowerOff ends everything in the node at once, as a power cut does. What is on
// its disk stays. A node that is off is no error.
func (l *Lab) PowerOff(ctx context.Context, node string) error {
	return l.locked(ctx, node, func() error { return l.powerOff(ctx, node) })
}

// PowerOn boots a node that is off and returns when it is ready. A node that is
// on is no error.
func (l *Lab) PowerOn(ctx context.Context, node string) error {
	return l.locked(ctx, node, func() error { return l.powerOn(ctx, node) })
}

// Reboot is a power cut, and the node booted again until it is ready.
func (l *Lab) Reboot(ctx context.Context, node string) error {
	return l.locked(ctx, node, func() error {
		if err := l.powerOff(ctx, node); err != nil {
			return err
		}
		return l.powerOn(ctx, node)
	})
}

func (l *Lab) locked(ctx context.Context, node string, do func() error) error {
	if err := l.known(node); err != nil {
		return err
	}
	unlock, err := lock(ctx, l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return &linkspan.Error{
			Code: linkspan.NotFound, Message: fmt.Sprintf("lab %q is gone", l.Name()), Hint: "linkspan lab up",
		}
	}
	if err != nil {
		return err
	}
	defer unlock()
	return do()
}

func (l *Lab) powerOff(ctx context.Context, node string) error {
	if err := readInit(l.node(node)).End(ctx); err != nil {
		return fmt.Errorf("power off %s: %w", node, err)
	}
	return cgroup.Remove(ctx, cgroupName(l.dir)+"/"+node)
}

func (l *Lab) powerOn(ctx context.Context, node string) error {
	init := readInit(l.node(node))
	if !init.Alive() {
		// Dead is not yet gone: what it leaves must not meet what comes.
		if err := l.powerOff(ctx, node); err != nil {
			return err
		}
		spec, err := boot.ReadSpec(filepath.Join(l.node(node), boot.SpecFile))
		if err != nil {
			return err
		}
		b := &builder{Lab: l, cfg: l.record.Config, fabric: readInit(l.node(fabricNode))}
		if init, err = b.bootPlugged(spec, l.Address(node)); err != nil {
			return err
		}
	}
	return awaitNode(ctx, l.node(node), init)
}
