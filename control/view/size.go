// SPDX-License-Identifier: Apache-2.0

package view

import "github.com/linkspan/linkspan"

// Len returns how many networks, endpoints and chassis there are. It costs the
// same whatever their number.
func (v *View) Len() (networks, endpoints, chassis int) {
	return v.networks.Len(), v.endpoints.Len(), v.chassis.Len()
}

// CountOwned returns how many endpoints a chassis has, reserved or attached. It
// costs the same whatever their number.
func (v *View) CountOwned(id linkspan.ChassisID) int {
	all, _ := v.owned.Get(chassisKey(id))
	return all.attached.Len() + all.others.Len()
}
