// SPDX-License-Identifier: Apache-2.0

package view

import (
	"maps"

	"github.com/linkspan/linkspan"
)

// The functions below compare all fields but those of the key.

func sameNetwork(a, b *linkspan.Network) bool {
	return a.Name == b.Name && a.Subnet == b.Subnet && a.Gateway == b.Gateway &&
		a.Range == b.Range && a.Idle == b.Idle && a.MTU == b.MTU && a.Internal == b.Internal &&
		a.Creator == b.Creator && a.Removing == b.Removing &&
		a.Created.Equal(b.Created) && maps.Equal(a.Labels, b.Labels)
}

func sameEndpoint(a, b *linkspan.Endpoint) bool {
	return a.Chassis == b.Chassis && a.ID == b.ID && a.MAC == b.MAC && a.Port == b.Port &&
		a.Container == b.Container && a.Created.Equal(b.Created) && maps.Equal(a.Labels, b.Labels)
}

func sameChassis(a, b *linkspan.Chassis) bool {
	return a.Name == b.Name && a.Underlay == b.Underlay && a.MTU == b.MTU &&
		a.Version == b.Version && a.Joined.Equal(b.Joined) && a.Serial == b.Serial
}
