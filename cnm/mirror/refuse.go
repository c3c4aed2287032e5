// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"context"
	"fmt"

	"github.com/linkspan/linkspan"
)

// propose brings a network made in dockerd into the fabric, or refuses it.
func (m *Mirror) propose(ctx context.Context, a action) error {
	wish := a.fabric
	wish.ApplyDefaults()
	short, cancel := context.WithTimeout(ctx, fabricLimit)
	defer cancel()
	got, adopted, err := m.cfg.Fabric.Propose(short, wish)
	if err != nil {
		if later(err) {
			return err
		}
		return m.refuse(ctx, a.docker, err)
	}
	if why := mismatch(&a.fabric, &got); why != "" {
		return m.refuse(ctx, a.docker, &linkspan.Error{Code: linkspan.Exists, Message: why})
	}
	m.cfg.Log.Info("docker network brought into the fabric", "name", got.Name, "network", got.ID, "adopted", adopted)
	return m.bind(ctx, action{verb: verbBind, docker: a.docker, fabric: got})
}

// later says whether the same proposal may succeed another time.
func later(err error) bool {
	switch linkspan.CodeOf(err) {
	case linkspan.Unavailable, linkspan.Internal, linkspan.Unauthenticated:
		return true
	default:
		return false
	}
}

// refuse removes a network that cannot be the fabric's, for the reason of err.
func (m *Mirror) refuse(ctx context.Context, d Network, err error) error {
	refusal := &linkspan.Error{Code: linkspan.CodeOf(err), Message: err.Error(), Hint: linkspan.HintOf(err)}
	return m.remove(ctx, action{verb: verbRemove, docker: d, why: err.Error(), refusal: refusal})
}

// remove takes a network out of dockerd. Who waits for one that is refused is
// told first, as a waiting container would keep it from being removed.
func (m *Mirror) remove(ctx context.Context, a action) error {
	if a.refusal != nil {
		m.cfg.Model.Refuse(ctx, a.docker.ID, m.named(a))
	}
	if a.docker.Swarm { // only the swarm's managers can remove it
		m.reportOnce(linkspan.NetworkRefused, a.docker.Name, fmt.Sprintf(
			"of no use on %s: %s; if that one is left over, type: linkspan network rm %s", m.cfg.Host, a.why, a.docker.Name))
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, dockerLimit)
	defer cancel()
	err := m.cfg.Docker.Remove(limited, a.docker.ID)
	switch {
	case linkspan.CodeOf(err) == linkspan.NotFound:
		return nil
	case linkspan.CodeOf(err) == linkspan.InUse:
		m.reportOnce(linkspan.NetworkRefused, a.docker.Name, fmt.Sprintf(
			"cannot be removed on %s while a container hangs on it, though %s; see which: docker network inspect %s", m.cfg.Host, a.why, a.docker.Name))
		return err
	case err != nil:
		return err
	}
	delete(m.told, a.docker.Name)
	if err := m.notes.dropOf(ctx, a.docker.ID); err != nil {
		return err // before anybody takes it for removed by hand
	}
	m.cfg.Log.Info("docker network removed", "name", a.docker.Name, "docker", a.docker.ID, "reason", a.why)
	if a.refusal != nil {
		m.cfg.Fabric.Report(linkspan.Event{Kind: linkspan.NetworkRefused, Subject: a.docker.Name, Message: m.explain(a)})
	}
	return nil
}

// named is a refusal as a container that waited for the network is told it.
func (m *Mirror) named(a action) error {
	named := *a.refusal
	named.Op = "network " + a.docker.Name
	return &named
}

// explain is the text of the event: what was done, why, what to type next.
func (m *Mirror) explain(a action) string {
	text := fmt.Sprintf("removed on %s: %s", m.cfg.Host, a.why)
	if a.refusal.Hint != "" {
		return text + "; " + a.refusal.Hint
	}
	if a.refusal.Code != linkspan.Exists && a.refusal.Code != linkspan.Conflict {
		return text
	}
	for _, f := range m.cfg.Fabric.Networks() {
		if f.Name == a.docker.Name {
			return fmt.Sprintf("%s; the fabric's network %s has subnet %s and is shown under this name: take another name, or see: linkspan network inspect %s", text, f.Name, f.SubnetText(), f.Name)
		}
	}
	return text
}
