// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"
	"encoding/json"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// never is the restart policy of a container that only a person starts.
func never() json.RawMessage { return json.RawMessage(`{"Name":"no"}`) }

// stop stops a container of a network of the fabric, and keeps dockerd from
// starting it again. What it wrote until then counts, and what was changed on it.
func (h *Host) stop(ctx context.Context, move string, t *apiv1.CarryStop) error {
	e, again, err := h.journal.given(ctx, move, t.GetContainer())
	if err != nil {
		return err
	}
	c, err := h.ours(ctx, t.GetContainer())
	if err != nil {
		return err
	}
	if !again || e.outlived(&c) {
		if err := h.unchanged(ctx, &c, t.GetDigest()); err != nil {
			return err
		}
		if err := h.journal.write(ctx, move, entry{Gives: true, Container: c.ID, Restart: c.Host["RestartPolicy"]}); err != nil {
			return err
		}
	}
	if err := h.halt(ctx, move, c.ID); err != nil || t.GetLeaveChanges() {
		return err
	}
	return h.clean(ctx, &c)
}

// outlived says whether what was noted is of an earlier move of the container, which was
// undone and not forgotten: nothing runs that this one stopped, or keeps from starting.
func (e *entry) outlived(c *container) bool {
	return c.State.Running && (e.Stopped || !same(restart(value(c.Host["RestartPolicy"])), restart(value(never()))))
}

// ours returns a container of a network of the fabric, by its whole id. Others are
// not the controller's to ask for.
func (h *Host) ours(ctx context.Context, id string) (c container, err error) {
	if improper(id) {
		return c, &linkspan.Error{Code: linkspan.Invalid, Message: "no container is named"}
	}
	if c, err = h.docker.container(ctx, id); err != nil {
		return c, err
	}
	if c.ID != id {
		return c, notAsked("a container is named by its whole id")
	}
	return c, h.inFabric(ctx, &c)
}

// inFabric refuses a container that is in no network of the fabric.
func (h *Host) inFabric(ctx context.Context, c *container) error {
	for name, settings := range c.NetworkSettings.Networks {
		n, err := h.docker.network(ctx, name)
		if _, err = found(err); err != nil {
			return err
		}
		if a := attach(c, name, n.Driver, settings); a.ofFabric() {
			return nil
		}
	}
	return notAsked("container " + c.name() + " is in no network that is on all hosts")
}

// halt stops it and notes that.
func (h *Host) halt(ctx context.Context, move, id string) error {
	if err := h.docker.restarting(ctx, id, never()); err != nil {
		return err
	}
	if err := h.docker.stop(ctx, id); err != nil {
		return err
	}
	e, _, err := h.journal.read(ctx, move)
	if err != nil {
		return err
	}
	e.Stopped = true
	return h.journal.write(ctx, move, e)
}

// clean refuses to leave behind what the container wrote at last.
func (h *Host) clean(ctx context.Context, c *container) error {
	changes, err := h.docker.changes(ctx, c.ID)
	if err != nil {
		return err
	}
	if text := changesText(written(c, changes)); text != "" {
		return &linkspan.Error{Code: linkspan.Conflict, Message: text}
	}
	return nil
}
