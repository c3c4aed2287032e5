// SPDX-License-Identifier: Apache-2.0

package cnm_test

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/cnmtest"
)

func webPool() cnm.PoolRequest { return cnm.PoolRequest{IPAM: "pool", Subnet: cnmtest.Web().Subnet} }

func webNetwork(id string) cnm.NetworkRequest {
	return cnm.NetworkRequest{ID: id, Driver: "hotplug", Subnet: cnmtest.Web().Subnet}
}

func TestPoolsOfOneSubnetAreClaimedOneAfterTheOther(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		c := open(t, w)
		first, err := c.RequestPool(limited(t), webPool())
		must(t, err)
		second := make(chan cnm.Pool, 1)
		ctx := limited(t)
		go func() {
			narrow := webPool() // of the same subnet all the same
			narrow.Range = netip.MustParsePrefix("10.7.0.128/25")
			p, err := c.RequestPool(ctx, narrow)
			if err != nil {
				t.Error(err)
			}
			second <- p
		}()
		synctest.Wait()
		if pools := c.Pools(); len(pools) != 1 {
			t.Errorf("unclaimed pools are %v, want the first only", pools)
		}
		must(t, c.CreateNetwork(limited(t), webNetwork("one")))
		p := <-second
		must(t, c.CreateNetwork(limited(t), webNetwork("two")))
		for id, pool := range map[string]string{"one": first.ID, "two": p.ID} {
			n, err := c.Network(id)
			must(t, err)
			if n.PoolID != pool {
				t.Errorf("network %s has pool %s, want %s", id, n.PoolID, pool)
			}
		}
	})
}

// A daemon that died between the two calls must not block the subnet.
func TestAnAbandonedPoolIsReplaced(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		c := open(t, w)
		first, err := c.RequestPool(limited(t), webPool())
		must(t, err)
		begun := time.Now()
		second, err := c.RequestPool(limited(t), webPool())
		must(t, err)
		if time.Since(begun) != cnm.PoolWait || second.ID == first.ID {
			t.Errorf("waited %s and got %s", time.Since(begun), second.ID)
		}
		if pools := c.Pools(); len(pools) != 1 || pools[0].ID != second.ID {
			t.Errorf("pools are %v", pools)
		}
	})
}

func TestAPoolThatNobodyClaimsIsReaped(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		c := open(t, w)
		p, err := c.RequestPool(limited(t), webPool())
		must(t, err)
		time.Sleep(cnm.PoolLife - time.Second)
		c.Maintain(t.Context())
		if len(c.Pools()) != 1 {
			t.Error("reaped too early")
		}
		time.Sleep(time.Second)
		c.Maintain(t.Context())
		if len(c.Pools()) != 0 {
			t.Error("not reaped")
		}
		wantCode(t, c.CreateNetwork(limited(t), webNetwork("late")), linkspan.NotFound)
		_, err = c.RequestAddress(limited(t), cnm.AddressWish{Pool: p.ID})
		wantCode(t, err, linkspan.NotFound)
	})
}

func TestAClaimedPoolStays(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		time.Sleep(time.Hour)
		d.c.Maintain(t.Context())
		if len(d.c.Pools()) != 1 {
			t.Error("reaped")
		}
	})
}

func TestTheGatewayTellsPoolsApart(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := &docker{c: open(t, w)}
		must(t, requestPool(limited(t), d))
		must(t, requestGateway(limited(t), d))
		other := webNetwork("other")
		other.Gateway = cnmtest.Web().Gateway.Next()
		wantCode(t, d.c.CreateNetwork(limited(t), other), linkspan.NotFound)
		must(t, createNetwork(limited(t), d))
	})
}

func TestANetworkThatTheDriverRefusesLeavesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := &docker{c: open(t, w)}
		must(t, requestPool(limited(t), d))
		req := webNetwork(networkID)
		req.Options = map[string]string{"linkspan.nonsense": "1"}
		wantCode(t, d.c.CreateNetwork(limited(t), req), linkspan.Invalid)
		must(t, d.c.ReleasePool(limited(t), d.pool))
		wantNothing(t, w, d.c)
	})
}

func TestReconcileLeavesAloneWhatIsYoungOrUnknown(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		nothing := map[string]struct{}{}
		swept, err := d.c.Reconcile(t.Context(), cnm.Present{
			Taken: time.Now(), Networks: nothing, Endpoints: nothing, Fabric: w.Fabric.Held(),
		})
		must(t, err)
		time.Sleep(time.Hour)
		unknown, err := d.c.Reconcile(t.Context(), cnm.Present{Taken: time.Now()})
		must(t, err)
		known, err := d.c.Reconcile(t.Context(), cnm.Present{
			Taken: time.Now(), Networks: map[string]struct{}{networkID: {}},
			Endpoints: map[string]struct{}{endpointID: {}}, Fabric: w.Fabric.Held(),
		})
		must(t, err)
		if swept != (cnm.Swept{}) || unknown != (cnm.Swept{}) || known != (cnm.Swept{}) {
			t.Errorf("swept %+v, %+v, %+v; want nothing", swept, unknown, known)
		}
		wantNothing(t, w, d.c)
	})
}

// Docker that died in the middle of a removal asks for the rest of it no more.
func TestReconcileDoesNotWaitForWhatDockerHadAndHasNot(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		must(t, d.c.Describe(limited(t), endpointID, cnm.Description{Container: "c1"}))
		gone := cnm.Present{
			Taken: time.Now(), Networks: map[string]struct{}{networkID: {}}, Endpoints: map[string]struct{}{},
		}
		swept, err := d.c.Reconcile(t.Context(), gone)
		must(t, err)
		if _, err := d.c.Endpoint(endpointID); linkspan.CodeOf(err) != linkspan.NotFound || swept.Endpoints != 1 {
			t.Errorf("endpoint of a container that is gone: %v, swept %+v", err, swept)
		}
		if held := w.Fabric.Held(); len(held) != 0 {
			t.Errorf("the fabric holds %v", held)
		}
	})
}

func TestReconcileFreesAnAddressWhoseReleaseDoesNotCome(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		must(t, d.c.DeleteEndpoint(limited(t), networkID, endpointID))
		for _, c := range []struct {
			after time.Duration
			held  int
		}{{0, 1}, {cnm.ReleaseWait + time.Second, 0}} {
			time.Sleep(c.after)
			_, err := d.c.Reconcile(t.Context(), cnm.Present{
				Taken: time.Now(), Networks: map[string]struct{}{networkID: {}}, Endpoints: map[string]struct{}{},
			})
			must(t, err)
			if held := w.Fabric.Held(); len(held) != c.held {
				t.Errorf("after %v the fabric holds %v", c.after, held)
			}
		}
	})
}
