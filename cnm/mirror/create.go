// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"context"
	"fmt"

	"github.com/linkspan/linkspan"
)

// create makes dockerd show a network of the fabric.
func (m *Mirror) create(ctx context.Context, a action) error {
	ctx, cancel := context.WithTimeout(ctx, dockerLimit)
	defer cancel()
	// Docker before API 1.44 makes a second network of the name without a word.
	driver, taken, err := m.cfg.Docker.Named(ctx, a.fabric.Name)
	if err != nil {
		return err
	}
	if taken && driver != Driver {
		return m.hidden(a.fabric, driver)
	}
	if taken {
		return &linkspan.Error{Code: linkspan.Exists, Message: "another network still has the name"}
	}
	id, err := m.cfg.Docker.Create(ctx, a.fabric)
	if err != nil {
		if code := linkspan.CodeOf(err); code == linkspan.Internal || code == linkspan.Invalid {
			m.reportOnce(linkspan.NetworkRefused, a.fabric.Name, fmt.Sprintf("not shown on %s: %s", m.cfg.Host, err))
		}
		return err
	}
	delete(m.told, a.fabric.Name)
	m.cfg.Log.Info("network of the fabric created in docker", "name", a.fabric.Name, "docker", id, "network", a.fabric.ID, "restored", a.restored)
	if a.restored {
		m.cfg.Fabric.Report(linkspan.Event{
			Kind: linkspan.NetworkRestored, Subject: a.fabric.Name,
			Message: fmt.Sprintf("removed on %s by docker network rm while the fabric still has it; to remove it everywhere type: linkspan network rm %s", m.cfg.Host, a.fabric.Name),
		})
	}
	return m.notes.put(ctx, a.fabric.ID, id)
}

// hidden says, once, that a network of another driver has the name.
func (m *Mirror) hidden(f linkspan.Network, driver string) error {
	message := fmt.Sprintf("not shown on %s, where a network of driver %s has the name; remove that one: docker network rm %s", m.cfg.Host, driver, f.Name)
	m.reportOnce(linkspan.NetworkRefused, f.Name, message)
	return &linkspan.Error{Code: linkspan.Exists, Message: "a network of driver " + driver + " has the name"}
}

// reportOnce sends an event unless the last one of the subject said the same.
func (m *Mirror) reportOnce(kind linkspan.EventKind, subject, message string) {
	if m.told[subject] == message {
		return
	}
	m.told[subject] = message
	m.cfg.Fabric.Report(linkspan.Event{Kind: kind, Subject: subject, Message: message})
}
