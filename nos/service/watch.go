// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/gateway"
)

// What a check that says nothing of it has.
const (
	checkInterval = 5 * time.Second
	checkTimeout  = 3 * time.Second
	checkRetries  = 3
	checkStart    = 30 * time.Second
	startInterval = 200 * time.Millisecond // until it is healthy for the first time
)

// watchMember checks a container until ctx ends, and notes how it is.
func (c *composite) watchMember(ctx context.Context, f found, s linkspan.CompositeMember, backend *gateway.Backend) {
	i := c.manager.known(ctx, s.Image)
	check := s.Health
	if check == nil {
		check = i.manifest.Health
	}
	if check == nil || len(check.Command) == 0 && check.Call == "" {
		const moment = 300 * time.Millisecond // in which what cannot run ends
		if pause(ctx, moment); ctx.Err() == nil {
			c.is(f, gateway.Healthy, "") // while it runs
		}
		return
	}
	probe := c.probe(f, s, i, backend, check)
	began, failures, well := time.Now(), 0, false
	retries := check.Retries
	if retries == 0 {
		retries = checkRetries
	}
	for ctx.Err() == nil {
		err := once(ctx, check.Timeout.Or(checkTimeout), probe)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			failures, well = 0, true
			c.is(f, gateway.Healthy, "")
		case !well && time.Since(began) < check.Start.Or(checkStart):
			c.is(f, stateStarting, err.Error())
		default:
			if failures++; failures >= retries {
				c.is(f, stateUnhealthy, err.Error())
			}
		}
		wait := check.Interval.Or(checkInterval)
		if !well {
			wait = min(wait, startInterval)
		}
		pause(ctx, wait)
	}
}

func once(ctx context.Context, limit time.Duration, probe func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return probe(ctx)
}

// probe returns what says whether a container is healthy. A call goes to that container, also
// while another one of the member is the one that is called.
func (c *composite) probe(f found, s linkspan.CompositeMember, i image, backend *gateway.Backend, check *linkspan.HealthCheck) func(context.Context) error {
	if len(check.Command) > 0 {
		return func(ctx context.Context) error {
			const limit = 64 << 10
			out, err := c.manager.engine.exec(ctx, f.id, check.Command, limit)
			if err == nil && out.Status != 0 {
				err = fmt.Errorf("status %d: %s", out.Status, strings.TrimSpace(string(out.Stdout)+string(out.Stderr)))
			}
			return err
		}
	}
	own := gateway.New(gateway.Options{Composite: c.name, Exec: at{c.manager, f.id}, Patience: time.Millisecond})
	err := own.Set(gateway.Table{Services: servicesOf(s, i, backend)})
	service, call, found := strings.Cut(check.Call, "/")
	if !found {
		err = errors.Join(err, fmt.Errorf("the check calls %q, which is no SERVICE/CALL", check.Call))
	}
	return func(ctx context.Context) error {
		if err != nil {
			return err
		}
		_, failed := own.Call(ctx, gateway.Caller{Name: "health", Kind: gateway.KindHost, May: []string{gateway.All}}, service, call, nil)
		return failed
	}
}

// is notes how a container is.
func (c *composite) is(f found, state, said string) {
	c.mu.Lock()
	r := c.members[f.generation]
	changed := r != nil && r.state != state && r.state != stateStopped
	if changed {
		r.state = state
		r.well = time.Time{}
		if state == gateway.Healthy {
			r.well = time.Now()
		}
	}
	if r != nil {
		r.said = said
	}
	c.mu.Unlock()
	if changed {
		c.manager.wakeUp()
	}
}

// at runs commands in one container.
type at struct {
	manager *Manager
	id      string
}

// Exec implements gateway.Executor.
func (a at) Exec(ctx context.Context, _ string, command []string, limit int) (gateway.Output, error) {
	return a.manager.engine.exec(ctx, a.id, command, limit)
}

// executor runs commands in the containers of a composite that are called.
type executor struct {
	manager *Manager
	c       *composite
}

var _ gateway.Executor = executor{}

// Exec implements gateway.Executor.
func (e executor) Exec(ctx context.Context, member string, command []string, limit int) (gateway.Output, error) {
	e.c.mu.Lock()
	f := e.c.offers[member]
	e.c.mu.Unlock()
	if f.id == "" {
		return gateway.Output{}, &linkspan.Error{Code: linkspan.Unavailable, Message: "service " + serviceName(e.c.name, member) + " does not run"}
	}
	return e.manager.engine.exec(ctx, f.id, command, limit)
}
