// SPDX-License-Identifier: Apache-2.0

package report

// busy is the share of what a side could use from which it counts as full.
const busy = 0.9

// Limit says which side was saturated: what a faster machine, controller or
// load generator would have changed.
func (t *Trial) Limit(cores int) string {
	switch used := float64(cores) - t.Idle; {
	case t.ControllerMax > 0 && t.Controller >= busy*float64(t.ControllerMax):
		return "controller"
	case used < busy*float64(cores):
		return "none: round trip"
	case t.Others(cores) > max(t.Controller, t.Generator):
		return "machine, mostly others"
	case t.Controller >= t.Generator:
		return "machine, mostly the controller"
	}
	return "machine, mostly the generator"
}

// Others returns how many cores other programs and the kernel's own work used.
func (t *Trial) Others(cores int) float64 {
	return max(0, float64(cores)-t.Idle-t.Controller-t.Generator)
}
