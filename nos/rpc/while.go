// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
)

// while makes a call that may last, and ends it when its caller may not make it any more: the
// user was removed, or has another role.
func (d door) while(ctx context.Context, procedure string, call func(context.Context) error) error {
	ctx, end := context.WithCancelCause(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer end(nil)
	watching.Go(func() {
		if err := d.watch(ctx, procedure); err != nil {
			end(err)
		}
	})
	err := call(ctx)
	why := context.Cause(ctx)
	if code := linkspan.CodeOf(why); why != nil && (code == linkspan.Permission || code == linkspan.Unauthenticated) {
		return why
	}
	return err
}

// watch asks again and again whether a caller may make a call; nil when ctx ends.
func (d door) watch(ctx context.Context, procedure string) error {
	c, err := callerOf(ctx)
	if err != nil {
		return err
	}
	r, err := ruleOf(procedure)
	if err != nil {
		return err
	}
	again := time.NewTicker(d.options.AskAgain)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
		u, err := d.options.Again(c.User)
		if err == nil {
			err = u.May(r.act)
		}
		if err != nil {
			return err
		}
	}
}
