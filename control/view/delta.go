// SPDX-License-Identifier: Apache-2.0

package view

import "github.com/linkspan/linkspan"

// Delta says what is different between two Views: for each record that
// changed, what it was before (nil when it was not there) and what it is now
// (nil when it is gone). A record that was put again without a difference is
// not in it, and the View keeps its old pointer.
type Delta struct {
	LocalNetworks  []Changed[linkspan.LocalNetwork] // of single hosts
	LocalEndpoints []Changed[linkspan.LocalEndpoint]

	Networks   []Changed[linkspan.Network]
	Endpoints  []Changed[linkspan.Endpoint]
	Chassis    []Changed[linkspan.Chassis]
	Presence   []Presence
	Paths      []Changed[linkspan.Paths]
	Clearances []Changed[linkspan.Clearance]
	Groups     []Changed[linkspan.Group]
	Links      []Changed[linkspan.Link]
	Policies   []Changed[linkspan.Policy]
	Overlaps   []linkspan.NetworkID // that began or ceased to overlap others
}

// Changed is a record before and after; one of them may be nil, never both.
type Changed[R any] struct{ Old, New *R }

// Any returns New, or Old when the record is gone.
func (c Changed[R]) Any() *R {
	if c.New != nil {
		return c.New
	}
	return c.Old
}

// Presence says that a chassis got its first attached endpoint of a network,
// or lost its last.
type Presence struct {
	Network linkspan.NetworkID
	Chassis linkspan.ChassisID
	Present bool // now
}

// Empty says that nothing changed.
func (d *Delta) Empty() bool {
	if len(d.LocalNetworks)+len(d.LocalEndpoints) > 0 {
		return false
	}
	return len(d.Networks) == 0 && len(d.Endpoints) == 0 && len(d.Chassis) == 0 &&
		len(d.Paths) == 0 && len(d.Clearances) == 0 && len(d.Groups) == 0 && len(d.Links) == 0 &&
		len(d.Policies) == 0
}
