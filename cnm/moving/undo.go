// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// restore undoes the stop: the container runs again, with the policy that it had.
// One that somebody removed meanwhile stays away.
func (h *Host) restore(ctx context.Context, move string, t *apiv1.CarryRestore) error {
	e, ok, err := h.journal.given(ctx, move, t.GetContainer())
	if err != nil || !ok {
		return err // nothing was stopped
	}
	c, err := h.docker.container(ctx, e.Container)
	if there, err := found(err); err != nil || !there {
		return err
	}
	if c.State.Running && !e.Stopped { // the stop may be under way
		if err := h.halt(ctx, move, c.ID); err != nil {
			return err
		}
	}
	if len(e.Restart) > 0 {
		if err := h.docker.restarting(ctx, c.ID, e.Restart); err != nil {
			return err
		}
	}
	return h.docker.start(ctx, c.ID)
}

// remove removes what was made here for a move, or what was stopped for it.
func (h *Host) remove(ctx context.Context, move string, t *apiv1.CarryRemove) error {
	e, ok, err := h.journal.read(ctx, move)
	if err != nil || !ok {
		return err // there is nothing of this move
	}
	if !e.Gives {
		if _, _, err := h.journal.taken(ctx, move, t.GetContainer()); err != nil {
			return err
		}
		if err := h.clear(ctx, provisional(move)); err != nil || e.Container == "" {
			return err
		}
		return h.clear(ctx, e.Container)
	}
	if _, _, err := h.journal.given(ctx, move, t.GetContainer()); err != nil {
		return err
	}
	c, err := h.docker.container(ctx, e.Container)
	if there, err := found(err); err != nil || !there {
		return err
	}
	if !e.Stopped || c.State.Running {
		return notAsked("container " + c.name() + " runs")
	}
	_, err = found(h.docker.remove(ctx, e.Container, false))
	return err
}
