// SPDX-License-Identifier: Apache-2.0

package cnm_test

import (
	"maps"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/cnmtest"
)

// created is the number of steps of the script until the network is there.
const created = 4

func TestANetworkIsDescribed(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := &docker{c: open(t, w)}
		is := cnm.NetworkDescription{Name: "back", Labels: map[string]string{"team": "blue"}}
		wantCode(t, d.c.DescribeNetwork(limited(t), networkID, is), linkspan.NotFound)
		if n, err := play(limited(t), d, script()[:created]); err != nil {
			t.Fatalf("%s: %v", script()[n].name, err)
		}
		changed, stop := d.c.Watch()
		defer stop()
		for range 2 {
			must(t, d.c.DescribeNetwork(limited(t), networkID, is))
		}
		<-changed
		select {
		case <-changed:
			t.Error("the same description again is a change")
		default:
		}
		n, err := open(t, w).Network(networkID)
		must(t, err)
		if n.Name != "back" || !maps.Equal(n.Labels, is.Labels) || n.Subnet != cnmtest.Web().Subnet {
			t.Errorf("after a restart: %+v", n)
		}
		must(t, bind(limited(t), d))
		must(t, d.c.DescribeNetwork(limited(t), networkID, is))
		if n, err := d.c.Network(networkID); err != nil || n.Name != cnmtest.Web().Name {
			t.Errorf("a network of the fabric is named %s, %v", n.Name, err)
		}
	})
}
