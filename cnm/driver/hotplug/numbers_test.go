// SPDX-License-Identifier: Apache-2.0

package hotplug_test

import (
	"testing"

	"github.com/linkspan/linkspan/cnm"
)

// The address of an endpoint may stay stored long after the endpoint is gone,
// while the controller is away: until then its port is nobody else's.
func TestAPortIsNotReusedWhileItsEndpointIsStored(t *testing.T) {
	w := newWorld(t)
	d := newDriver(t, w)
	create := func(id, address string, want uint32) cnm.Endpoint {
		t.Helper()
		e, err := d.CreateEndpoint(t.Context(), network(), endpoint(id, address))
		if err != nil || e.Port != want {
			t.Errorf("%s got port %d, want %d: %v", id, e.Port, want, err)
		}
		return e
	}
	gone := create("gone", "10.7.0.2/24", 100)
	if _, err := w.Fabric.Reserve(t.Context(), 7, gone.Address.Addr(), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Join(t.Context(), network(), gone); err != nil {
		t.Fatal(err)
	}
	if err := d.Leave(t.Context(), network(), gone); err != nil {
		t.Fatal(err)
	}
	if err := d.DeleteEndpoint(t.Context(), network(), gone); err != nil {
		t.Fatal(err)
	}
	create("next", "10.7.0.3/24", 101)
	if err := w.Fabric.Release(t.Context(), 7, gone.Address.Addr()); err != nil {
		t.Fatal(err)
	}
	create("last", "10.7.0.4/24", 100)
}
