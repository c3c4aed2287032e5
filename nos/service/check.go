// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/moby/client"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/gateway"
)

// check says what of a set cannot be, with all that Docker knows of it.
func (m *Manager) check(ctx context.Context, s Set) error {
	if err := m.there(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, c := range s.Composites {
		if seen[c.Name] {
			return refused("composite %s is there twice", c.Name)
		}
		seen[c.Name] = true
		if err := m.options.Policy.Check(c); err != nil {
			return err
		}
		if err := m.checkImages(ctx, c); err != nil {
			return fmt.Errorf("composite %s: %w", c.Name, err)
		}
		if err := m.checkNetworks(ctx, c); err != nil {
			return fmt.Errorf("composite %s: %w", c.Name, err)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for name := range m.record.Composites {
		seen[name] = true
	}
	if most := m.options.Policy.Composites; len(seen) > most && most > 0 {
		return &linkspan.Error{Code: linkspan.Exhausted, Message: fmt.Sprintf("a switch has at most %d composites", most)}
	}
	return nil
}

// checkImages looks at the images and at what they need of each other.
func (m *Manager) checkImages(ctx context.Context, c linkspan.Composite) error {
	there := map[string]linkspan.ImageManifest{}
	var services []gateway.Service
	for _, s := range c.Services {
		i, err := m.imageOf(ctx, s.Image)
		if err != nil {
			return err
		}
		if err := m.options.Policy.checkCapabilities(i.manifest.Capabilities); err != nil && len(s.Capabilities) == 0 {
			return fmt.Errorf("service %s: %w", s.Name, err)
		}
		for _, v := range volumesOf(s, i) {
			if err := checkPath(v.Path); err != nil {
				return fmt.Errorf("service %s: %w", s.Name, err)
			}
		}
		there[i.manifest.Name] = i.manifest
		services = append(services, servicesOf(s, i, nil)...)
	}
	if m.options.Local != nil {
		services = append(services, m.options.Local()...)
	}
	if err := (gateway.Table{Services: services}).Validate(); err != nil {
		return err
	}
	if err := checkCalls(c, services); err != nil {
		return err
	}
	return fit(there)
}

// checkCalls says whether what is named to be called is there.
func checkCalls(c linkspan.Composite, services []gateway.Service) error {
	known := map[string]bool{gateway.EventsGrant: true}
	for _, s := range services {
		known[s.Name] = true
	}
	var named []string
	for _, s := range c.Services {
		named = append(named, s.Calls...)
	}
	if c.Expose != nil {
		named = append(named, c.Expose.Calls...)
	}
	for _, n := range named {
		if service, _, _ := strings.Cut(n, "/"); !known[service] {
			return refused("calls of %q are allowed, which is no service of the composite", n)
		}
	}
	return nil
}

// fit says whether images can be in one composite.
func fit(there map[string]linkspan.ImageManifest) error {
	for _, name := range sortedKeys(there) {
		for _, d := range there[name].Dependencies {
			have, is := there[d.Name]
			if !is {
				return refused("image %s needs image %s in the same composite", name, d.Name)
			}
			if d.Version != "" && older(have.Version, d.Version) {
				return refused("image %s needs image %s from version %s on, and it is %s", name, d.Name, d.Version, have.Version)
			}
		}
		for _, other := range there[name].Conflicts {
			if _, is := there[other]; is {
				return refused("images %s and %s cannot be in one composite", name, other)
			}
		}
	}
	return nil
}

// older says whether a version is before another one (semantic versioning 2.0.0, 11), as far as their
// numbers tell.
func older(a, b string) bool {
	return slices.Compare(numbers(a), numbers(b)) < 0
}

func numbers(version string) []int {
	core, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), "-")
	core, _, _ = strings.Cut(core, "+")
	list := make([]int, 3)
	for i, part := range strings.SplitN(core, ".", 3) {
		_, _ = fmt.Sscan(part, &list[i]) // 0 is before all
	}
	return list
}

// checkNetworks says whether a sandbox may be in the networks that it asks for.
func (m *Manager) checkNetworks(ctx context.Context, c linkspan.Composite) error {
	for _, a := range networksOf(c) {
		r, err := m.engine.NetworkInspect(ctx, a.Network, client.NetworkInspectOptions{})
		if err != nil {
			return &linkspan.Error{Code: linkspan.NotFound, Message: "there is no network " + a.Network + " on this switch", Hint: "linkspan network ls", Err: err}
		}
		if r.Network.Driver != m.options.Driver || r.Network.Name != a.Network {
			return &linkspan.Error{Code: linkspan.Permission, Message: fmt.Sprintf("network %s is of driver %s: composites are in networks of driver %s", a.Network, r.Network.Driver, m.options.Driver)}
		}
	}
	return nil
}

// imageOf looks at an image once: what a digest names does not change.
func (m *Manager) imageOf(ctx context.Context, reference string) (image, error) {
	i, err := m.engine.image(ctx, reference)
	if err != nil {
		return i, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.images[reference] = i
	return i, nil
}

// known returns what an image says of itself that was looked at; of others, nothing.
func (m *Manager) known(ctx context.Context, reference string) image {
	m.mu.Lock()
	i, there := m.images[reference]
	m.mu.Unlock()
	if there {
		return i
	}
	i, _ = m.imageOf(ctx, reference) // whoever needs it to be here asks for it
	return i
}
