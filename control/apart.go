// SPDX-License-Identifier: Apache-2.0

package control

import (
	"fmt"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
)

// apart keeps between which sites traffic was refused, so that each pair makes
// one event and not one per packet.
type apart struct {
	mu   sync.Mutex
	told map[linkspan.Clearance]bool
}

// first says whether this is the first refusal between two sites.
func (a *apart) first(sites linkspan.Clearance) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.told[sites] {
		return false
	}
	if a.told == nil {
		a.told = make(map[linkspan.Clearance]bool)
	}
	a.told[sites] = true
	return true
}

// forget makes the next refusal of each pair an event again.
func (a *apart) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.told)
}

// refusedBetween reports that a packet was dropped because its ends are in two
// sites.
func (h *Hub) refusedBetween(v *view.View, d *decide.Decision) {
	from, to := v.Chassis(d.Source.Chassis), v.Chassis(d.Destination.Chassis)
	if from == nil || to == nil {
		return
	}
	sites := linkspan.ClearanceOf(from.InSite(), to.InSite())
	if !h.apart.first(sites) {
		return
	}
	h.cfg.Event(linkspan.Event{
		Time: time.Now(), Kind: linkspan.SiteRefused, Subject: sites.A + "-" + sites.B, Chassis: from.Name,
		Message: fmt.Sprintf("traffic between the sites %s and %s is refused, first from %s/%s to %s/%s; to allow it in clear text type: linkspan site allow-clear %s %s",
			sites.A, sites.B, from.Name, d.Source.Container, to.Name, d.Destination.Container, sites.A, sites.B),
	})
}
