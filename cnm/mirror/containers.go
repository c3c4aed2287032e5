// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// describe tells the model the names, aliases and labels of the containers
// behind its endpoints, where they are not what it has. As it compares, whatever
// was lost or changed while anything was away is told again.
func (m *Mirror) describe(ctx context.Context, endpoints []cnm.Endpoint, containers []Container) error {
	behind := make(map[string]Container)
	for _, c := range containers {
		for _, id := range c.Endpoints {
			behind[id] = c
		}
	}
	var errs []error
	for _, e := range endpoints {
		c, found := behind[e.ID]
		if !found {
			continue
		}
		var left []string
		c.Labels, left = keepable(c.Labels)
		if e.Container == c.Name && maps.Equal(e.Labels, c.Labels) && len(e.Aliases) > 0 {
			continue // aliases change only with the endpoint, or with the name
		}
		if len(left) > 0 {
			m.cfg.Log.Warn("labels of a container are too many or too long; policies do not see these", "container", c.Name, "labels", left)
		}
		err := m.describeOne(ctx, e, c)
		if err != nil && linkspan.CodeOf(err) != linkspan.NotFound {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (m *Mirror) describeOne(ctx context.Context, e cnm.Endpoint, c Container) error {
	is := cnm.Description{Container: c.Name, Labels: c.Labels}
	aliases, err := limited(ctx, dockerLimit, func(ctx context.Context) (map[string][]string, error) {
		return m.cfg.Docker.Aliases(ctx, c.ID)
	})
	if err != nil {
		return err
	}
	is.Aliases = aliases[e.ID]
	_, err = limited(ctx, fabricLimit, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, m.cfg.Model.Describe(ctx, e.ID, is)
	})
	return err
}

// sweep lets the model take away what dockerd and the fabric do not have, and
// the fabric take back what it lost. taken is when reading the lists began.
func (m *Mirror) sweep(ctx context.Context, taken time.Time, docker []Network, containers []Container) error {
	present := cnm.Present{
		Taken: taken, Networks: make(map[string]struct{}), Endpoints: make(map[string]struct{}),
		Fabric: m.cfg.Fabric.Endpoints(),
	}
	for _, d := range docker {
		present.Networks[d.ID] = struct{}{}
	}
	for _, c := range containers {
		for _, id := range c.Endpoints {
			present.Endpoints[id] = struct{}{}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, dockerLimit)
	defer cancel()
	_, err := m.cfg.Model.Reconcile(ctx, present)
	return errors.Join(err, m.cfg.Fabric.Resync(ctx, m.local()))
}

// local returns all that this host has of the fabric. What others have is read last:
// whoever is among both is theirs.
func (m *Mirror) local() []linkspan.Endpoint {
	all := local(m.cfg.Model)
	if m.cfg.Others != nil {
		all = append(all, m.cfg.Others()...)
	}
	return all
}

// local returns what the model has of the fabric: a reservation for each
// address, and an endpoint where one is joined. Leases are read first: an
// endpoint that goes meanwhile is then a reservation, which is not stored over
// an endpoint.
func local(model Model) []linkspan.Endpoint {
	leases := model.Leases()
	overlaid := make(map[string]bool)
	for _, n := range model.Networks() {
		overlaid[n.ID] = n.Driver == string(linkspan.Overlay)
	}
	joined := make(map[string]cnm.Endpoint)
	for _, e := range model.Endpoints() {
		if e.State == cnm.Joined && e.Leaving == nil {
			joined[e.ID] = e
		}
	}
	var out []linkspan.Endpoint
	for _, lease := range leases {
		if lease.Fabric == 0 {
			continue
		}
		here := linkspan.Endpoint{
			Network: lease.Fabric, Address: lease.Address.Addr(), Container: lease.Container, Created: lease.Since,
		}
		if e, ok := joined[lease.Endpoint]; ok && here.Address.Is4() { // the other is a reservation
			here.Address6 = e.Address6.Addr()
			if overlaid[e.Network] {
				here.Driver = linkspan.Overlay
			}
			here.ID, here.MAC, here.Port, here.Limits, here.Published = e.ID, e.MAC, e.Port, e.Limits, e.PublishedPorts()
			here.Container, here.Aliases, here.Labels, here.Created = e.Container, e.Aliases, e.Labels, e.Created
			here.Undescribed = e.Undescribed() && !overlaid[e.Network]
		}
		out = append(out, here)
	}
	return out
}
