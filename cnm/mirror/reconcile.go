// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// reconcile is the one step. An error means that it is to be tried again soon.
func (m *Mirror) reconcile(ctx context.Context) error {
	if connected, _ := m.cfg.Fabric.Ready(); !connected {
		return nil // the fabric tells when it is
	}
	taken := time.Now()
	if m.cfg.Docker == nil {
		return m.alone(ctx, taken)
	}
	docker, err := limited(ctx, dockerLimit, m.cfg.Docker.Networks)
	if err != nil {
		return err
	}
	errs := []error{m.describeNetworks(ctx, docker), m.networks(ctx, m.observe(mirrored(docker), taken))}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	due := taken.Sub(m.swept) >= Interval
	if endpoints := m.cfg.Model.Endpoints(); due || len(endpoints) > 0 {
		containers, err := limited(ctx, dockerLimit, m.cfg.Docker.Containers)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		errs = append(errs, m.describe(ctx, endpoints, containers))
		if due {
			m.swept = taken
			errs = append(errs, m.sweep(ctx, taken, docker, containers))
		}
	}
	return errors.Join(errs...)
}

// alone is the step on a host without Docker: nobody has networks to compare, but
// the fabric's record of this host's endpoints is kept true.
func (m *Mirror) alone(ctx context.Context, taken time.Time) error {
	if taken.Sub(m.swept) < Interval {
		return nil
	}
	m.swept = taken
	ctx, cancel := context.WithTimeout(ctx, dockerLimit)
	defer cancel()
	_, err := m.cfg.Model.Reconcile(ctx, cnm.Present{Taken: taken, Fabric: m.cfg.Fabric.Endpoints()})
	return errors.Join(err, m.cfg.Fabric.Resync(ctx, m.local()))
}

// mirrored returns the networks that are, or shall be, the fabric's.
func mirrored(all []Network) []Network {
	return slices.DeleteFunc(slices.Clone(all), func(n Network) bool {
		_, ours := ofFabric(n.Driver)
		return !ours && !n.Swarm
	})
}

// networks carries out the plan.
func (m *Mirror) networks(ctx context.Context, o observed) error {
	var errs []error
	for _, a := range plan(o) {
		if err := m.do(ctx, a); err != nil {
			errs = append(errs, fmt.Errorf("%s network %s: %w", a.verb, nameOf(a), err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

func nameOf(a action) string {
	if a.docker.Name != "" {
		return a.docker.Name
	}
	if a.fabric.Name != "" {
		return a.fabric.Name
	}
	return a.fabric.ID.String()
}

func (m *Mirror) do(ctx context.Context, a action) error {
	switch a.verb {
	case verbCreate:
		return m.create(ctx, a)
	case verbRemove:
		return m.remove(ctx, a)
	case verbPropose:
		return m.propose(ctx, a)
	case verbBind:
		return m.bind(ctx, a)
	case verbNote:
		return m.notes.put(ctx, a.fabric.ID, a.docker.ID)
	case verbForget:
		return m.notes.drop(ctx, a.fabric.ID)
	default:
		return errPending
	}
}

func (m *Mirror) bind(ctx context.Context, a action) error {
	err := m.cfg.Model.Bind(ctx, a.docker.ID, a.fabric)
	switch linkspan.CodeOf(err) {
	case linkspan.NotFound:
		return nil // it went in the meantime
	case linkspan.Invalid, linkspan.Conflict:
		return m.refuse(ctx, a.docker, err)
	}
	if err != nil {
		return err
	}
	m.cfg.Log.Info("docker network stands for a network of the fabric", "name", a.docker.Name, "docker", a.docker.ID, "network", a.fabric.ID)
	if a.docker.Swarm {
		return nil // it goes and comes with the host's tasks
	}
	return m.notes.put(ctx, a.fabric.ID, a.docker.ID)
}

func limited[T any](ctx context.Context, limit time.Duration, do func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return do(ctx)
}
