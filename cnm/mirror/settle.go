// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/linkspan/linkspan/cnm"
)

// Settle waits until the networks are the fabric's, or refused, that docker network create
// had made when it was called, and those of this host alone have their names: a person who
// made one says it the next moment. It costs a look at the host's records where there is
// none, and ends early with ctx, and where a look fails.
func (m *Mirror) Settle(ctx context.Context) {
	if m.cfg.Docker == nil {
		return
	}
	pause := time.NewTicker(settle)
	defer pause.Stop()
	for m.unsettled() && errors.Is(m.look(ctx), errPending) {
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
	}
}

// unsettled says whether the host has networks that dockerd made and whose names have not
// come, while there is a fabric to tell of them.
func (m *Mirror) unsettled() bool {
	connected, _ := m.cfg.Fabric.Ready()
	return connected && slices.ContainsFunc(m.cfg.Model.Networks(), func(n cnm.Network) bool {
		return n.Name == "" && !n.Own && n.Removing == nil
	})
}

// look has Run look once more, from now on, and returns what it says.
func (m *Mirror) look(ctx context.Context) error {
	looked := make(chan error, 1)
	select {
	case m.asked <- looked:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-looked:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answer tells who asked for a look what it said.
func (m *Mirror) answer(err error) {
	for _, looked := range m.waiting {
		looked <- err // which has room
	}
	m.waiting = nil
}
