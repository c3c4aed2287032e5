// SPDX-License-Identifier: Apache-2.0

package cnm_test

import (
	"testing"

	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/cnmtest"
)

// A network whose end was never told of comes again under its id: all that hung
// on the former one goes, and the whole life can be lived once more.
func TestANetworkComesAgain(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		former, same := d.pool, cnm.NetworkRequest{ID: networkID, Subnet: cnmtest.Web().Subnet, Gateway: cnmtest.Web().Gateway}
		must(t, d.c.Supersede(limited(t), same)) // no pool waits: it is told of twice
		if len(d.c.Endpoints()) != 1 {
			t.Fatal("a network that was told of twice lost its endpoint")
		}
		for _, s := range script()[:3] {
			must(t, s.do(limited(t), d))
		}
		must(t, d.c.Supersede(limited(t), same))
		if n := len(d.c.Endpoints()); n != 0 {
			t.Errorf("%d endpoints of the former network are left", n)
		}
		for _, p := range d.c.Pools() {
			if p.ID == former {
				t.Error("the former pool is left")
			}
		}
		for _, s := range script()[3:] {
			if err := s.do(limited(t), d); err != nil {
				t.Fatalf("%s: %v", s.name, err)
			}
		}
		if len(d.c.Networks())+len(d.c.Pools())+len(d.c.Leases()) != 0 {
			t.Errorf("left: %v, %v, %v", d.c.Networks(), d.c.Pools(), d.c.Leases())
		}
	})
}
