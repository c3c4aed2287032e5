// SPDX-License-Identifier: Apache-2.0

package mode_test

import (
	"testing"
	"time"
)

// patience is how long what is awaited may take.
const patience = 30 * time.Second

func TestTheControllerDecidesAndTheSwitchAgain(t *testing.T) {
	w := newWorld(t)
	must(t, w.configure(vlan10()...))
	w.reaches("a", 3)
	before := w.hub.Counters().PacketIns.Load()
	must(t, w.configure("set control mode sdn"))
	w.reaches("a", 3)
	w.reaches("c", 2)
	if w.hub.Counters().PacketIns.Load() == before {
		t.Error("the controller was not asked")
	}
	if got := len(w.keeper.Report().Stations); got != 3 {
		t.Errorf("%d hosts are known", got)
	}
	must(t, w.configure("set control mode traditional"))
	w.reaches("b", 2)
	w.reaches("a", 4)
}
