// SPDX-License-Identifier: Apache-2.0

package linkspan

import "slices"

// Paths are the direct paths that a chassis has proved: frames that it sent to
// these others, unencapsulated, came there, and the answers came back.
type Paths struct {
	From ChassisID   `json:"from"`
	To   []ChassisID `json:"to"` // in order, without doubles
}

// Proved says whether there is a proved path to a chassis; p may be nil.
func (p *Paths) Proved(to ChassisID) bool {
	if p == nil {
		return false
	}
	_, ok := slices.BinarySearch(p.To, to)
	return ok
}

// Set returns p with a path to a chassis, or without one. p stays as it is.
func (p Paths) Set(to ChassisID, proved bool) Paths {
	i, there := slices.BinarySearch(p.To, to)
	switch {
	case proved && !there:
		p.To = slices.Insert(slices.Clone(p.To), i, to)
	case !proved && there:
		p.To = slices.Delete(slices.Clone(p.To), i, i+1)
	}
	return p
}
