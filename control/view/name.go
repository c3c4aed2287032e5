// SPDX-License-Identifier: Apache-2.0

package view

import "github.com/linkspan/linkspan"

// ChassisName returns a chassis's name, or its number as its bridge has it where the
// chassis is not known.
func (v *View) ChassisName(id linkspan.ChassisID) string {
	if c := v.Chassis(id); c != nil {
		return c.Name
	}
	return id.DPID().String()
}

// NetworkName returns a network's name, or its number where the network is not known.
func (v *View) NetworkName(id linkspan.NetworkID) string {
	if n := v.Network(id); n != nil {
		return n.Name
	}
	return id.String()
}
