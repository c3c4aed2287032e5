// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// check tells what keeps a container from being made here, and which image is its.
func (h *Host) check(ctx context.Context, t *apiv1.CarryCheck, a *apiv1.CarryAnswer) error {
	s, err := decode(t.GetSpec())
	if err != nil {
		return err
	}
	a.Obstacles = belied(&s, t)
	for _, look := range []func(context.Context, *spec) ([]string, error){h.allows, h.named, h.connected, h.mounted, h.fits, h.free} {
		list, err := look(ctx, &s)
		if err != nil {
			return err
		}
		a.Obstacles = append(a.Obstacles, list...)
	}
	if a.Image, err = h.have(ctx, &s.Image); err != nil {
		return err
	}
	taken, there, err := h.referenced(ctx, s.Image.Reference)
	if err == nil && there && taken != a.Image {
		a.Notes = append(a.Notes, s.Image.Reference+" is another image on "+h.cfg.Host+"; the container names its own by its id there")
	}
	return err
}

// allows lists what this host does not allow containers that come.
func (h *Host) allows(_ context.Context, s *spec) ([]string, error) {
	switch h.cfg.Allow {
	case Anything:
		return nil, nil
	case Nothing:
		return []string{"host " + h.cfg.Host + " takes no containers (linkspan serve switch --allow-moves)"}, nil
	}
	if list := powers(s.hostConfig()); len(list) > 0 {
		return []string{"it has power over its host, which " + h.cfg.Host + " does not allow (--allow-moves all): " + strings.Join(list, ", ")}, nil
	}
	return nil, nil
}

func (h *Host) named(ctx context.Context, s *spec) ([]string, error) {
	_, err := h.docker.container(ctx, s.Name)
	there, err := found(err)
	if there {
		return []string{"host " + h.cfg.Host + " has a container " + s.Name}, nil
	}
	return nil, err
}

// connected lists the networks that are not on this host as the spec says, or that a
// container which comes has no place in: those of this host alone, but Docker's own.
func (h *Host) connected(ctx context.Context, s *spec) (list []string, err error) {
	for _, a := range s.attached() {
		n, err := h.docker.network(ctx, a.Network)
		there, err := found(err)
		switch {
		case err != nil:
			return nil, err
		case !there || n.Name != a.Network:
			list = append(list, "network "+a.Network+" is not on host "+h.cfg.Host)
		case a.Driver != "" && n.Driver != a.Driver:
			list = append(list, "network "+a.Network+" is another one on host "+h.cfg.Host+", of driver "+n.Driver)
		case !ofFabric(n.Driver) && (n.Name != defaultNetwork || n.Driver != defaultNetwork):
			list = append(list, "network "+a.Network+" (driver "+n.Driver+") is of host "+h.cfg.Host+" alone")
		}
	}
	return list, nil
}

// attached are the container's attachments and, where none is of its network mode, the
// network of that, in which dockerd makes it first; the driver of this one is not known.
func (s *spec) attached() []attachment {
	mode := s.Host.text("NetworkMode")
	if _, ok := s.primary(); ok || mode == "" || mode == "none" || mode == "default" {
		return s.Attachments
	}
	return append(slices.Clone(s.Attachments), attachment{Network: mode})
}

func (h *Host) mounted(ctx context.Context, s *spec) (list []string, err error) {
	for _, was := range s.Volumes {
		v, err := h.docker.volume(ctx, was.Name)
		there, err := found(err)
		switch {
		case err != nil:
			return nil, err
		case !there:
			list = append(list, "volume "+was.Name+" is not on host "+h.cfg.Host)
		case v.Driver != was.Driver || !maps.Equal(v.Options, was.Options):
			list = append(list, "volume "+was.Name+" is another one on host "+h.cfg.Host)
		}
	}
	return list, nil
}

func (h *Host) fits(ctx context.Context, s *spec) ([]string, error) {
	v, err := h.docker.version(ctx)
	if err != nil {
		return nil, err
	}
	if s.Image.Architecture != "" && s.Image.Architecture != v.Arch {
		return []string{"its image is for " + s.Image.Architecture + ", and host " + h.cfg.Host + " is " + v.Arch}, nil
	}
	return nil, nil
}

// have returns the id under which an image is here; empty: it is not. A dockerd
// with another kind of image store gives it another id, with the same layers: where it
// may be is also said by others, and looked at.
func (h *Host) have(ctx context.Context, want *imageSpec, others ...string) (string, error) {
	for _, name := range append([]string{want.ID, want.Reference}, others...) {
		if name == "" || strings.Contains(name, "..") {
			continue
		}
		i, err := h.docker.image(ctx, name)
		there, err := found(err)
		if err != nil {
			return "", err
		}
		if there && want.is(&i) {
			return i.ID, nil
		}
	}
	return "", nil
}

func (want *imageSpec) is(i *image) bool {
	return i.ID == want.ID || len(want.Layers) > 0 && slices.Equal(i.RootFS.Layers, want.Layers) && i.Architecture == want.Architecture
}

// referenced returns the image that bears a name here.
func (h *Host) referenced(ctx context.Context, name string) (id string, there bool, err error) {
	if isID(name) {
		return "", false, nil
	}
	i, err := h.docker.image(ctx, name)
	there, err = found(err)
	return i.ID, there, err
}

// isID says whether an image is named by its id, or not at all.
func isID(name string) bool {
	return name == "" || strings.HasPrefix(name, "sha256:") || strings.Contains(name, "@")
}

var errOtherImage = &linkspan.Error{Code: linkspan.Internal, Message: "the image that came is another one than was asked for"}
