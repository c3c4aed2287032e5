// SPDX-License-Identifier: Apache-2.0

package report

// busy is the share of what a side could use from which it counts as full.
const busy = 0.9

// Limit says which side was saturated: what a faster machine, controller or
// load generator would have changed.
func (t *Trial) Limit(cores int) string {
	switch {
	case t.ControllerMax > 0 && t.Controller >= busy*float64(t.ControllerMax):
		return "controller"
	case t.Controller+t.Generator >= busy*float64(cores) && t.Controller >= t.Generator:
		return "machine, mostly the controller"
	case t.Controller+t.Generator >= busy*float64(cores):
		return "machine, mostly the generator"
	}
	return "none: round trip"
}
