// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan/bench/stand"
)

// name is what the one container of a command is called.
const name = "one"

// measure is one thing done to a container, in a network. It returns the time
// of each of its steps, which follow each other.
type measure struct {
	steps    []step
	subjects []subject
	pairs    int
	runs     int
	do       func(ctx context.Context, sub subject) ([]time.Duration, error)
}

// step is one timed part of a measure: a cell of the report.
type step struct{ name, about string }

const less = " What is compared is the time less that with no network, measured in turn."

// kinds are what -only knows.
func kinds() []string { return []string{"run", "start", "connect", "network", "crowd", "together"} }

// measures is all that is measured.
func (c *config) measures(s *stand.Stand) []measure {
	var list []measure
	for kind := range c.wanted() {
		switch kind {
		case "run":
			list = append(list, measure{
				[]step{{"Run", "`docker run --rm --network NETWORK busybox true`, from the start of the command to its end." + less}},
				subjects(), c.pairs, c.runs, c.run(s),
			})
		case "start":
			list = append(list, measure{[]step{
				{"Start", "`docker start` of a container that was created before." + less},
				{"Remove", "`docker rm --force` of that container." + less},
			}, subjects(), c.pairs, c.runs, c.start(s)})
		case "connect":
			list = append(list, measure{[]step{
				{"Connect", "`docker network connect NETWORK CONTAINER` of a container that runs, in a network of Docker's."},
				{"Disconnect", "`docker network disconnect NETWORK CONTAINER` of the same."},
			}, networked(), c.pairs, c.runs, c.connect(s)})
		case "network":
			list = append(list, measure{[]step{
				{"Network create", "`docker network create` with a subnet."},
				{"Network rm", "`docker network rm` of that network."},
			}, ofOneHost(), c.pairs, c.runs, c.network(s)})
		case "crowd":
			if c.crowds > 0 {
				list = append(list, c.crowded(s, 1))
			}
		case "together":
			if c.crowds > 0 {
				list = append(list, c.crowded(s, c.parallel))
			}
		}
	}
	return list
}

func (c *config) crowded(s *stand.Stand, at int) measure {
	how := "one after the other"
	if at > 1 {
		how = fmt.Sprintf("%d at the same time", at)
	}
	return measure{
		[]step{
			{fmt.Sprintf("Crowd, %s", how), fmt.Sprintf("%d times `docker run --detach`, %s; the time of all over their number.", c.crowd, how) + less},
			{fmt.Sprintf("End of the crowd, %s", how), "`docker rm --force` of each of these containers, likewise." + less},
		},
		subjects(), c.crowds, 1, c.gather(s, at),
	}
}

func (c *config) run(s *stand.Stand) func(context.Context, subject) ([]time.Duration, error) {
	return func(ctx context.Context, sub subject) ([]time.Duration, error) {
		time.Sleep(c.pause)
		took, err := s.Docker(ctx, host, "run", "--rm", "--network", sub.network, "busybox", "true")
		return []time.Duration{took}, err
	}
}

func (c *config) start(s *stand.Stand) func(context.Context, subject) ([]time.Duration, error) {
	return func(ctx context.Context, sub subject) ([]time.Duration, error) {
		if _, err := s.Docker(ctx, host, "create", "--name", name, "--network", sub.network, "busybox", "sleep", "1000"); err != nil {
			return nil, err
		}
		time.Sleep(c.pause)
		started, err := s.Docker(ctx, host, "start", name)
		time.Sleep(c.pause)
		removed, again := s.Docker(ctx, host, "rm", "--force", name)
		return []time.Duration{started, removed}, errors.Join(err, again)
	}
}

func (c *config) connect(s *stand.Stand) func(context.Context, subject) ([]time.Duration, error) {
	return func(ctx context.Context, sub subject) (took []time.Duration, err error) {
		if _, err := s.Docker(ctx, host, "run", "--detach", "--name", name, "--network", home, "busybox", "sleep", "1000"); err != nil {
			return nil, err
		}
		for _, verb := range []string{"connect", "disconnect"} {
			time.Sleep(c.pause)
			one, bad := s.Docker(ctx, host, "network", verb, sub.network, name)
			took, err = append(took, one), errors.Join(err, bad)
		}
		_, bad := s.Docker(ctx, host, "rm", "--force", name)
		return took, errors.Join(err, bad)
	}
}

// extra is what the network is called that comes and goes.
const extra = "extra"

func (c *config) network(s *stand.Stand) func(context.Context, subject) ([]time.Duration, error) {
	return func(ctx context.Context, sub subject) (took []time.Duration, err error) {
		for _, args := range [][]string{createArgs(extra, extraSubnet, sub.args), {"network", "rm", extra}} {
			time.Sleep(c.pause)
			one, bad := s.Docker(ctx, host, args...)
			took, err = append(took, one), errors.Join(err, bad)
		}
		return took, err
	}
}

// gather starts and ends a crowd, so many at a time.
func (c *config) gather(s *stand.Stand, at int) func(context.Context, subject) ([]time.Duration, error) {
	return func(ctx context.Context, sub subject) (took []time.Duration, err error) {
		for _, args := range [][]string{
			{"run", "--detach", "--network", sub.network, "--name", "%s", "busybox", "sleep", "1000"},
			{"rm", "--force", "%s"},
		} {
			time.Sleep(c.pause)
			began := time.Now()
			bad := c.all(ctx, s, at, args)
			took, err = append(took, time.Since(began)/time.Duration(c.crowd)), errors.Join(err, bad)
		}
		return took, err
	}
}

// all runs a command once for each container of a crowd, %s being its name.
func (c *config) all(ctx context.Context, s *stand.Stand, at int, args []string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(at)
	for i := range c.crowd {
		own := make([]string, len(args))
		for k, arg := range args {
			if own[k] = arg; arg == "%s" {
				own[k] = fmt.Sprintf("crowd%d", i)
			}
		}
		group.Go(func() error {
			_, err := s.Docker(ctx, host, own...)
			return err
		})
	}
	return group.Wait()
}
