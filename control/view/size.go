// SPDX-License-Identifier: Apache-2.0

package view

// Len returns how many networks, endpoints and chassis there are. It costs the
// same whatever their number.
func (v *View) Len() (networks, endpoints, chassis int) {
	return v.networks.Len(), v.endpoints.Len(), v.chassis.Len()
}
