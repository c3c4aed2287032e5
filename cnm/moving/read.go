// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"
	"maps"
	"slices"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// read tells all of the container behind an endpoint, and what keeps it here.
func (h *Host) read(ctx context.Context, t *apiv1.CarryRead, a *apiv1.CarryAnswer) error {
	if improper(t.GetContainer()) {
		return &linkspan.Error{Code: linkspan.Invalid, Message: "the container has no proper name"}
	}
	c, err := h.docker.container(ctx, t.GetContainer())
	if err != nil {
		return err
	}
	if !bears(&c, t.GetEndpoint()) {
		return notAsked("container " + t.GetContainer() + " does not bear that endpoint")
	}
	if err := h.inFabric(ctx, &c); err != nil {
		return err
	}
	w := world{host: h.cfg.Host, shared: t.GetShared()}
	if err := h.survey(ctx, &c, &w, t.GetLeaveChanges()); err != nil {
		return err
	}
	s, err := h.tell(ctx, &c, &w)
	if err != nil {
		return err
	}
	if a.Spec, err = s.encode(); err != nil {
		return err
	}
	if a.Digest, err = s.digest(); err != nil {
		return err
	}
	a.Container, a.Name, a.Running, a.Plan = c.ID, c.name(), c.State.runs(), s.plan()
	a.Obstacles = obstacles(&c, &w)
	return nil
}

// bears says whether one of the container's endpoints has an id.
func bears(c *container, endpoint string) bool {
	for settings := range maps.Values(c.NetworkSettings.Networks) {
		if endpoint != "" && settings.text("EndpointID") == endpoint {
			return true
		}
	}
	return false
}

// survey learns of the networks and volumes of a container, and of what it wrote.
func (h *Host) survey(ctx context.Context, c *container, w *world, leave bool) error {
	w.networks, w.volumes = make(map[string]network), make(map[string]volume)
	for name := range c.NetworkSettings.Networks {
		n, err := h.docker.network(ctx, name)
		if _, err = found(err); err != nil {
			return err
		}
		w.networks[name] = n
	}
	for _, m := range c.Mounts {
		if m.Type != "volume" {
			continue
		}
		v, err := h.docker.volume(ctx, m.Name)
		if there, err := found(err); err != nil {
			return err
		} else if there {
			w.volumes[m.Name] = v
		}
	}
	if leave {
		return nil
	}
	changes, err := h.docker.changes(ctx, c.ID)
	w.changes = written(c, changes)
	return err
}

// elsewhere are the volumes that the other host has too.
func elsewhere(all map[string]volume) (list []volume) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if v := all[name]; v.everywhere() {
			list = append(list, v)
		}
	}
	return list
}

// tell makes the spec of a container.
func (h *Host) tell(ctx context.Context, c *container, w *world) (spec, error) {
	i, err := h.docker.image(ctx, c.Image)
	if err != nil {
		return spec{}, err
	}
	s := spec{
		ID: c.ID, Name: c.name(), Config: c.Config, Host: c.Host, Volumes: elsewhere(w.volumes),
		Image: imageSpec{ID: c.Image, Reference: c.Config.text("Image"), Architecture: i.Architecture, Size: i.Size, Layers: i.RootFS.Layers},
	}
	s.NoEntrypoint = !c.Config.has("Entrypoint") && i.Config.has("Entrypoint")
	mode := c.Host.text("NetworkMode")
	for _, name := range slices.Sorted(maps.Keys(c.NetworkSettings.Networks)) {
		settings := c.NetworkSettings.Networks[name]
		one := attach(c, name, w.networks[name].Driver, settings)
		one.Primary = mode == name || mode == settings.text("NetworkID") || mode == "default" && name == defaultNetwork
		s.Attachments = append(s.Attachments, one)
	}
	return s, nil
}
