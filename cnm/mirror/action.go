// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"fmt"

	"github.com/linkspan/linkspan"
)

// verb is what an action does.
type verb string

// The verbs.
const (
	verbCreate  verb = "create"  // in dockerd, for a network of the fabric
	verbRemove  verb = "remove"  // from dockerd
	verbPropose verb = "propose" // to the fabric, for a network of dockerd's
	verbBind    verb = "bind"    // the host's record to a network of the fabric
	verbNote    verb = "note"    // that a network of the fabric is shown here
	verbForget  verb = "forget"  // such a note
	verbWait    verb = "wait"    // look again soon
)

// action is one step of a plan.
type action struct {
	verb     verb
	docker   Network          // of remove, propose, bind, note, wait
	fabric   linkspan.Network // of create, bind, note, forget; of propose the wish
	restored bool             // of create: it had been here before
	why      string           // of remove
	refusal  *linkspan.Error  // of remove: what to tell who waits, and everybody; nil: nothing is refused
}

// String is how stories show an action.
func (a action) String() string {
	switch a.verb {
	case verbCreate:
		s := fmt.Sprintf("create %s for %s", a.fabric.Name, a.fabric.ID)
		if a.restored {
			s += ", restored"
		}
		return s
	case verbPropose:
		return fmt.Sprintf("propose %s (%s) as %s", a.docker.Name, a.docker.ID, wishText(&a.fabric))
	case verbBind, verbNote:
		return fmt.Sprintf("%s %s (%s) to %s", a.verb, a.docker.Name, a.docker.ID, a.fabric.ID)
	case verbForget:
		return fmt.Sprintf("forget %s", a.fabric.ID)
	case verbRemove:
		if a.refusal != nil {
			return fmt.Sprintf("refuse %s (%s): %s", a.docker.Name, a.docker.ID, a.refusal)
		}
		return fmt.Sprintf("remove %s (%s): %s", a.docker.Name, a.docker.ID, a.why)
	default:
		return fmt.Sprintf("%s %s (%s)", a.verb, a.docker.Name, a.docker.ID)
	}
}

func wishText(n *linkspan.Network) string {
	s := fmt.Sprintf("%s gateway %s", n.Subnet, n.Gateway)
	if n.Range.IsValid() {
		s += fmt.Sprintf(" range %s", n.Range)
	}
	if n.Dual() {
		s += fmt.Sprintf(" and %s gateway %s", n.Subnet6, n.Gateway6)
	}
	if n.Range6.IsValid() {
		s += fmt.Sprintf(" range %s", n.Range6)
	}
	if n.Driver != "" {
		s += " driver " + string(n.Driver)
	}
	if n.Idle != 0 {
		s += fmt.Sprintf(" idle %s", n.Idle)
	}
	if n.MTU != 0 {
		s += fmt.Sprintf(" mtu %d", n.MTU)
	}
	if n.Transport != "" {
		s += " transport " + string(n.Transport)
	}
	if n.Limits.Any() {
		s += " limits " + n.Limits.String()
	}
	if n.Internal {
		s += " internal"
	}
	return s
}
