// SPDX-License-Identifier: Apache-2.0

package cnm_test

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/cnmtest"
)

// unbound plays the script until the network is there and not bound.
func unbound(t *testing.T, w *cnmtest.World) *docker {
	t.Helper()
	d := &docker{c: open(t, w)}
	_, err := play(limited(t), d, script()[:4])
	must(t, err)
	if n := d.c.Unbound(); len(n) != 1 || n[0].ID != networkID {
		t.Fatalf("unbound are %v, want the network", n)
	}
	select {
	case <-d.c.Changes():
	default:
		t.Error("nobody was woken by CreateNetwork")
	}
	return d
}

// inBackground asks for an address and returns where the error will come.
func inBackground(t *testing.T, d *docker) <-chan error {
	t.Helper()
	done := make(chan error, 1)
	ctx := limited(t)
	go func() { done <- requestAddress(ctx, d) }()
	synctest.Wait()
	select {
	case err := <-done:
		t.Fatalf("the request did not wait: %v", err)
	default:
	}
	return done
}

func TestAnAddressRequestWaitsForTheBinding(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := unbound(t, w)
		done := inBackground(t, d)
		must(t, bind(limited(t), d))
		must(t, <-done)
		if d.address != netip.MustParsePrefix("10.7.0.3/24") {
			t.Errorf("got %s, want the first that is neither gateway nor auxiliary", d.address)
		}
	})
}

func TestAnAddressRequestEndsWithTheRefusal(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := unbound(t, w)
		done := inBackground(t, d)
		d.c.Refuse(t.Context(), networkID, &linkspan.Error{Code: linkspan.Conflict, Message: "web has another subnet"})
		wantCode(t, <-done, linkspan.Conflict)
		must(t, bind(limited(t), d))
		must(t, requestAddress(limited(t), d))
	})
}

func TestAnAddressRequestWaitsNoLongerThanDocker(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := unbound(t, w)
		begun := time.Now()
		wantCode(t, <-inBackground(t, d), linkspan.Unavailable)
		if waited := time.Since(begun); waited != 25*time.Second {
			t.Errorf("waited %s", waited)
		}
	})
}

func TestBindIsIdempotentAndKeepsToOneNetwork(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := unbound(t, w)
		must(t, bind(limited(t), d))
		must(t, bind(limited(t), d))
		other := cnmtest.Web()
		other.ID = 8
		wantCode(t, d.c.Bind(limited(t), networkID, other), linkspan.Conflict)
		wantCode(t, d.c.Bind(limited(t), "gone", other), linkspan.NotFound)
		wantCode(t, d.c.Bind(limited(t), networkID, linkspan.Network{Name: "none"}), linkspan.Invalid)
		if n := d.c.Unbound(); len(n) != 0 {
			t.Errorf("unbound are %v", n)
		}
	})
}

func TestAWantedAddressThatIsTaken(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		for _, address := range []string{"10.7.0.1", "10.7.0.2", "10.7.0.3"} {
			_, err := d.c.RequestAddress(limited(t), cnm.AddressWish{Pool: d.pool, Want: netip.MustParseAddr(address)})
			wantCode(t, err, linkspan.Exists)
		}
		for _, address := range []string{"10.7.0.0", "10.7.0.255", "10.8.0.1"} {
			_, err := d.c.RequestAddress(limited(t), cnm.AddressWish{Pool: d.pool, Want: netip.MustParseAddr(address)})
			wantCode(t, err, linkspan.Invalid)
		}
	})
}

// A container that starts again asks for the address whose release is still
// to be repeated.
func TestARestartGetsItsAddressBack(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		w.Fabric.Fail = failing("release")
		for _, s := range script()[joined : joined+3] {
			must(t, s.do(limited(t), d))
		}
		w.Fabric.Fail = nil
		address, err := d.c.RequestAddress(limited(t), cnm.AddressWish{Pool: d.pool, Want: d.address.Addr()})
		must(t, err)
		if address != d.address {
			t.Errorf("got %s, want %s", address, d.address)
		}
		time.Sleep(time.Hour)
		d.c.Maintain(t.Context()) // must not free what is in use again
		if held := w.Fabric.Held(); len(held) != 1 {
			t.Errorf("the fabric has %v, want the address", held)
		}
	})
}

// A release whose answer was lost is repeated; meanwhile somebody else got the
// address.
func TestARepeatedReleaseFreesNobodyElsesAddress(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		w.Fabric.Fail = failing("release")
		must(t, d.c.DeleteEndpoint(limited(t), networkID, endpointID))
		must(t, d.c.ReleaseAddress(limited(t), d.pool, d.address.Addr()))
		w.Fabric.Fail = nil
		must(t, w.Fabric.Release(t.Context(), 7, d.address.Addr())) // it had arrived
		must(t, requestAddress(limited(t), d))
		time.Sleep(time.Hour)
		d.c.Maintain(t.Context())
		if held := w.Fabric.Held(); len(held) != 1 || held[0].Address != d.address.Addr() {
			t.Errorf("the fabric has %v, want %s", held, d.address)
		}
	})
}

func failing(what string) func(string) error {
	return func(op string) error {
		if op == what {
			return &linkspan.Error{Code: linkspan.Unavailable, Message: "away"}
		}
		return nil
	}
}

func TestFiftyContainersAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		var group sync.WaitGroup
		for i := range 50 {
			group.Go(func() {
				if err := live(t.Context(), d, fmt.Sprintf("endpoint-%d", i)); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if ports, _ := w.Bridge.Ports(t.Context()); len(ports) != 1 {
			t.Errorf("ports are %v, want the first container's only", ports)
		}
		for _, s := range script()[joined:] {
			must(t, s.do(limited(t), d))
		}
		wantNothing(t, w, d.c)
	})
}

// live is the life of one container.
func live(ctx context.Context, d *docker, id string) error {
	address, err := d.c.RequestAddress(ctx, cnm.AddressWish{Pool: d.pool})
	if err != nil {
		return err
	}
	if _, err := d.c.CreateEndpoint(ctx, cnm.EndpointRequest{ID: id, Network: networkID, Address: address}); err != nil {
		return err
	}
	if _, err := d.c.Join(ctx, cnm.JoinRequest{Network: networkID, Endpoint: id, SandboxKey: "/" + id}); err != nil {
		return err
	}
	if err := d.c.Leave(ctx, networkID, id); err != nil {
		return err
	}
	if err := d.c.DeleteEndpoint(ctx, networkID, id); err != nil {
		return err
	}
	return d.c.ReleaseAddress(ctx, d.pool, address.Addr())
}
