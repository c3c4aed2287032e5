// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"context"
	"fmt"

	"github.com/linkspan/linkspan"
)

// create makes dockerd show a network of the fabric, and binds what it made at
// once. Interrupted in between, the label says at the next look what it is for.
func (m *Mirror) create(ctx context.Context, a action) error {
	if err := m.free(ctx, a.fabric); err != nil {
		return err
	}
	id, err := m.createFitting(ctx, a.fabric)
	if err != nil {
		if unfit(err) {
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
	return m.bind(ctx, action{verb: verbBind, docker: Network{ID: id, Name: a.fabric.Name}, fabric: a.fabric})
}

// free says whether the name can be had. Docker before API 1.44 makes a second
// network of a name without a word.
func (m *Mirror) free(ctx context.Context, f linkspan.Network) error {
	ctx, cancel := context.WithTimeout(ctx, dockerLimit)
	defer cancel()
	driver, taken, err := m.cfg.Docker.Named(ctx, f.Name)
	_, ours := ofFabric(driver)
	switch {
	case err != nil:
		return err
	case taken && !ours:
		return m.hidden(f, driver)
	case taken:
		return &linkspan.Error{Code: linkspan.Exists, Message: "another network still has the name"}
	}
	return nil
}

// createFitting creates the network with the options that were typed for it where it
// was made, or without them where they do not fit this host, as an MTU may.
func (m *Mirror) createFitting(ctx context.Context, f linkspan.Network) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, dockerLimit)
	defer cancel()
	id, err := m.cfg.Docker.Create(ctx, f)
	if bare, typed := untyped(f); typed && unfit(err) {
		return m.cfg.Docker.Create(ctx, bare)
	}
	return id, err
}

// unfit says whether creating failed for what the network is.
func unfit(err error) bool {
	code := linkspan.CodeOf(err)
	return err != nil && (code == linkspan.Internal || code == linkspan.Invalid)
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
