// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"strings"

	"github.com/linkspan/linkspan"
)

// labelPrefix begins the labels that are the mirror's own; whoever else sets
// one is not believed, and it is not carried between Docker and the fabric.
// libnetwork reserves com.docker.network.driver. for drivers (package netlabel,
// DriverPrefix), and tools that compare labels with what a person wrote leave
// com.docker. out.
const labelPrefix = "com.docker.network.driver." + Driver + "."

const (
	// LabelNetwork is the label of a network in dockerd that says by its six
	// hexadecimal digits for which network of the fabric it was made. It
	// settles nothing: it is read while the host's own record is not bound.
	LabelNetwork = labelPrefix + "network"

	// labelSwarm is the label of a network of the fabric that is a swarm's, with
	// the id that it has in the swarm.
	labelSwarm = labelPrefix + "swarm"

	// labelOption begins, on a network of the fabric, the label that has the
	// text of an option as it was typed after docker network create -o. The
	// name of the option follows.
	labelOption = labelPrefix + "option."
)

// numberOf reads LabelNetwork; 0: there is none, or no number.
func numberOf(d Network) linkspan.NetworkID {
	id, err := linkspan.ParseNetworkID(d.Labels[LabelNetwork])
	if err != nil {
		return 0
	}
	return id
}

// SwarmID returns the id that a network of the fabric has in the swarm whose it
// is; empty: it is no swarm's.
func SwarmID(n linkspan.Network) string { return n.Labels[labelSwarm] }

// foreign returns a copy of the labels that are not the mirror's own.
func foreign(labels map[string]string) map[string]string {
	rest := make(map[string]string, len(labels)+1)
	for key, value := range labels {
		if !strings.HasPrefix(key, labelPrefix) {
			rest[key] = value
		}
	}
	return rest
}
