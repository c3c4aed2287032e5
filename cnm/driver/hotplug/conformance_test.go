// SPDX-License-Identifier: Apache-2.0

package hotplug_test

import (
	"net/netip"
	"testing"

	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/cnmtest"
	"github.com/linkspan/linkspan/cnm/driver/drivertest"
	"github.com/linkspan/linkspan/cnm/driver/hotplug"
	"github.com/linkspan/linkspan/store/kv/memory"
)

func newDriver(t *testing.T, w *cnmtest.World) *hotplug.Driver {
	t.Helper()
	d, err := hotplug.New(hotplug.Options{Ports: w.Bridge, Links: w.Links, Fabric: w.Fabric, MTU: 1450, DirectMTU: 1500})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func newWorld(t *testing.T) *cnmtest.World {
	t.Helper()
	store := memory.New()
	t.Cleanup(func() { _ = store.Close() })
	return cnmtest.NewWorld(store)
}

func TestConformance(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) drivertest.Fixture {
		w := newWorld(t)
		for i := range 20 {
			address := netip.AddrFrom4([4]byte{10, 7, 0, byte(i + 2)})
			if _, err := w.Fabric.Reserve(t.Context(), 7, address, ""); err != nil {
				t.Fatal(err)
			}
		}
		return drivertest.Fixture{
			Driver:  newDriver(t, w),
			Restart: func() cnm.Driver { return newDriver(t, w) },
			Traces:  func() []string { return traces(t, w) },
		}
	})
}

func traces(t *testing.T, w *cnmtest.World) []string {
	t.Helper()
	ports, err := w.Bridge.Ports(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	links, err := w.Links.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, p := range ports {
		found = append(found, "port "+p.Name)
	}
	for _, l := range links {
		found = append(found, "link "+l.Name)
	}
	return found
}
