// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"slices"
	"time"
)

// MaxGroupNetworks is how many networks one group may have: to take a group apart
// costs a look at each pair of them.
const MaxGroupNetworks = 256

// Group is a set of networks whose members may talk. Networks that overlap cannot
// share one: an address must be that of one endpoint.
type Group struct {
	Name     string            `json:"name"`
	Networks []NetworkID       `json:"networks,omitempty"` // ascending, each once
	Labels   map[string]string `json:"labels,omitempty"`
	Created  time.Time         `json:"created"`
	Creator  string            `json:"creator,omitempty"` // the identity that created it
}

// Has says whether a network is in the group.
func (g *Group) Has(id NetworkID) bool {
	_, ok := slices.BinarySearch(g.Networks, id)
	return ok
}

// With returns the group with a network more, and without touching g; a network
// that it has already changes nothing.
func (g Group) With(id NetworkID) Group {
	if at, there := slices.BinarySearch(g.Networks, id); !there {
		g.Networks = slices.Insert(slices.Clone(g.Networks), at, id)
	}
	return g
}

// Without returns the group without a network, and without touching g.
func (g Group) Without(id NetworkID) Group {
	if at, there := slices.BinarySearch(g.Networks, id); there {
		g.Networks = slices.Delete(slices.Clone(g.Networks), at, at+1)
	}
	return g
}

// Validate says whether g can be stored. Whether its networks exist, and fit
// together, it does not say.
func (g *Group) Validate() error {
	if err := ValidateName("group", g.Name); err != nil {
		return err
	}
	if len(g.Networks) > MaxGroupNetworks {
		return &Error{
			Code: Exhausted, Message: "group " + g.Name + " would have more networks than a group may",
			Hint: "make another group of those that need each other",
		}
	}
	for i, id := range g.Networks {
		if id == 0 || id > MaxNetworkID || i > 0 && g.Networks[i-1] >= id {
			return invalid("the networks of group %s are not in order, each once", g.Name)
		}
	}
	return ValidateLabels("group "+g.Name, g.Labels)
}
