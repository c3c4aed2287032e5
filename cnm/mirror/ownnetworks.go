// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"context"
	"errors"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// describeNetworks tells the model the names and labels of the networks that
// this host has alone, where they are not what it has.
func (m *Mirror) describeNetworks(ctx context.Context, docker []Network) error {
	var errs []error
	for _, d := range docker {
		if d.Swarm || d.Driver != BridgeDriver && d.Driver != MacvlanDriver {
			continue
		}
		is := cnm.NetworkDescription{Name: d.Name, Labels: d.Labels}
		if err := linkspan.ValidateLabels("network "+d.Name, d.Labels); err != nil {
			m.cfg.Log.Debug("labels of a network stay here", "network", d.Name, "error", err)
			is.Labels = nil
		}
		_, err := limited(ctx, fabricLimit, func(ctx context.Context) (struct{}, error) { // it waits for calls about the network
			return struct{}{}, m.cfg.Model.DescribeNetwork(ctx, d.ID, is)
		})
		if err != nil && linkspan.CodeOf(err) != linkspan.NotFound { // it went, or its record is lost
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
