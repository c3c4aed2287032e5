// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"
	"fmt"

	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
)

// Part is a host that applies some of a configuration. Its name is what errors
// begin with: "bridge", "addresses".
type Part struct {
	Name string
	Host config.Host
}

// Of returns the host that the parts are together. A part without a host is left out.
func Of(parts ...Part) config.Host {
	h := &host{}
	for _, p := range parts {
		if p.Host != nil {
			h.parts = append(h.parts, p)
		}
	}
	return h
}

type host struct{ parts []Part }

var _ config.Host = (*host)(nil)

// Plan asks all parts, so that all that a host cannot do is known at once. When it is
// not known how the host is, a part that cannot even plan is left out, and Apply's
// error says so.
func (h *host) Plan(ctx context.Context, old, new *tree.Tree) (config.Plan, error) {
	p := &plan{all: old == nil}
	var refused []error
	for _, part := range h.parts {
		of, err := part.Host.Plan(ctx, old, new)
		if err != nil {
			refused = append(refused, named(part.Name, err))
			continue
		}
		p.parts = append(p.parts, planned{part.Name, of})
	}
	if !p.all || ctx.Err() != nil {
		if err := errors.Join(append(refused, ctx.Err())...); err != nil {
			return nil, err
		}
	}
	p.refused = errors.Join(refused...)
	return p, nil
}

// Drift returns what each part finds. A part that cannot look does not keep the
// others from it.
func (h *host) Drift(ctx context.Context, t *tree.Tree) ([]config.Drift, error) {
	var all []config.Drift
	var blind []error
	for _, part := range h.parts {
		found, err := part.Host.Drift(ctx, t)
		all, blind = append(all, found...), append(blind, named(part.Name, err))
	}
	return all, errors.Join(blind...)
}

func named(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}
