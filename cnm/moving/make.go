// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"
	"errors"
	"strings"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// provisional is the name of a container that was made for a move and not started:
// by it, what a crash left is found.
func provisional(move string) string { return "linkspan-move-" + move }

// make makes the container and compares what came of it with what was given. It is
// not started; its addresses are still the other one's.
func (h *Host) make(ctx context.Context, move string, t *apiv1.CarryMake, a *apiv1.CarryAnswer) error {
	s, err := decode(t.GetSpec())
	if err != nil {
		return err
	}
	for _, look := range []struct {
		at   func(context.Context, *spec) ([]string, error)
		code linkspan.Code
	}{{h.allows, linkspan.Permission}, {h.connected, linkspan.Permission}, {h.free, linkspan.InUse}} {
		if refused, err := look.at(ctx, &s); err != nil {
			return err
		} else if len(refused) > 0 {
			return &linkspan.Error{Code: look.code, Message: strings.Join(refused, "; ")}
		}
	}
	image, err := h.have(ctx, &s.Image, t.GetImage())
	if err == nil && image == "" {
		err = notAsked("the container's image is not on host " + h.cfg.Host)
	}
	if err != nil {
		return err
	}
	if e, ok, err := h.journal.read(ctx, move); err != nil || ok && e.Gives {
		return errors.Join(err, notAsked("the container leaves this host by this move"))
	}
	if err := h.journal.write(ctx, move, entry{}); err != nil {
		return err
	}
	if err := h.clear(ctx, provisional(move)); err != nil {
		return err
	}
	a.Container, err = h.build(ctx, move, &s, image)
	if err != nil {
		return errors.Join(err, h.clear(context.WithoutCancel(ctx), provisional(move)))
	}
	return h.journal.write(ctx, move, entry{Container: a.Container, Name: s.Name, Places: s.places()})
}

// clear removes a container by its id or name; one that is not there is no error.
func (h *Host) clear(ctx context.Context, container string) error {
	_, err := found(h.docker.remove(ctx, container, true))
	return err
}

// build creates the container with all its attachments.
func (h *Host) build(ctx context.Context, move string, s *spec, image string) (string, error) {
	v, err := h.docker.version(ctx)
	if err != nil {
		return "", err
	}
	if id, there, err := h.referenced(ctx, s.Image.Reference); err != nil {
		return "", err
	} else if there && id == image {
		image = s.Image.Reference
	}
	given := body(s, image, v.APIVersion)
	id, err := h.docker.create(ctx, provisional(move), given)
	if err != nil {
		return "", err
	}
	if err := h.plug(ctx, id, s); err != nil {
		return "", err
	}
	made, err := h.docker.container(ctx, id)
	if err != nil {
		return "", err
	}
	if list := append(lost(given, &made), detached(s, &made)...); len(list) > 0 {
		return "", &linkspan.Error{
			Code: linkspan.Invalid, Message: "dockerd of host " + h.cfg.Host + " does not take over all of it: " + strings.Join(list, ", "),
		}
	}
	return id, nil
}

// plug notes the attachments with dockerd; as the container does not run, no driver
// is asked.
func (h *Host) plug(ctx context.Context, id string, s *spec) error {
	if _, ok := s.primary(); !ok {
		mode := s.Host.text("NetworkMode")
		if mode == "default" {
			mode = defaultNetwork
		}
		if _, err := found(h.docker.disconnect(ctx, mode, id)); err != nil {
			return err
		}
	}
	for _, a := range s.Attachments {
		if a.Primary {
			continue
		}
		if err := h.docker.connect(ctx, a.Network, id, a.settings()); err != nil {
			return err
		}
	}
	return nil
}
