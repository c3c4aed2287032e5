// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
)

// county has networks 1 to n, each with a container on both chassis.
func county(hub *control.Hub, n int) {
	for id := range n {
		hub.Update(view.PutNetwork(countyNetwork(id + 1)))
		for on := linkspan.ChassisID(1); on <= 2; on++ {
			hub.Update(view.PutEndpoint(&linkspan.Endpoint{
				Network: linkspan.NetworkID(id + 1), Address: countyKey(id+1, on).Address, Chassis: on, Port: uint32(id + 1),
				Container: fmt.Sprint("c", id+1), MAC: linkspan.MAC{2, byte(on), 0, 0, 0, byte(id + 1)},
			}))
		}
	}
}

func countyNetwork(id int) *linkspan.Network {
	return &linkspan.Network{
		ID: linkspan.NetworkID(id), Name: fmt.Sprint("n", id), Idle: time.Minute,
		Subnet: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(id), 0, 0}), 24),
	}
}

func countyKey(id int, on linkspan.ChassisID) view.Key {
	return view.Key{Network: linkspan.NetworkID(id), Address: netip.AddrFrom4([4]byte{10, byte(id), 0, byte(1 + on)})}
}

// cost is how many changes of flows both switches get for an Update.
func cost(hub *control.Hub, fabric *controltest.Fabric, changes ...view.Change) int {
	count := func() int {
		synctest.Wait()
		return fabric.Switch(1).FlowMods() + fabric.Switch(2).FlowMods()
	}
	before := count()
	hub.Update(changes...)
	return count() - before
}

// TestAChangeOfNetworksLeavesLinkedRoutesOfOthersAlone and plugs anew what may go on of
// those that it takes along.
func TestAChangeOfNetworksLeavesLinkedRoutesOfOthersAlone(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context, hub *control.Hub, fabric *controltest.Fabric, _ *journal) {
		county(hub, 4)
		fabric.Connect(ctx, 1)
		fabric.Connect(ctx, 2)
		synctest.Wait()
		end := func(id int, on linkspan.ChassisID) linkspan.LinkEnd {
			return linkspan.LinkEnd{Chassis: on, Container: fmt.Sprint("c", id)}
		}
		l := linkspan.LinkOf(end(1, 1), end(2, 2), linkspan.LinkAllow)
		hub.Update(view.PutLink(&l))
		fabric.Ping(countyKey(1, 1), countyKey(2, 2), 64)
		if n := cost(hub, fabric, view.PutNetwork(countyNetwork(5))); n != 0 {
			t.Errorf("another network: %d changes of flows", n)
		}
		if n := cost(hub, fabric, view.PutGroup(&linkspan.Group{Name: "b", Networks: []linkspan.NetworkID{5}})); n != 0 {
			t.Errorf("another group: %d changes of flows", n)
		}
		hub.Update(view.PutGroup(&linkspan.Group{Name: "a", Networks: []linkspan.NetworkID{1, 2}}))
		hub.Update(view.RemoveGroup("a"))
		synctest.Wait()
		count := hub.Counters().PacketIns.Load()
		fabric.Ping(countyKey(1, 1), countyKey(2, 2), 64)
		synctest.Wait()
		if n := hub.Counters().PacketIns.Load() - count; n != 0 {
			t.Errorf("what a link allows came up %d times after the group went", n)
		}
	})
}

// TestTheCostOfALargeGroup: what a group of many networks costs does not grow with the
// number of their pairs, but with what runs between them.
func TestTheCostOfALargeGroup(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context, hub *control.Hub, fabric *controltest.Fabric, _ *journal) {
		const n, onBoth = 40, 2 * 40
		county(hub, n)
		fabric.Connect(ctx, 1)
		fabric.Connect(ctx, 2)
		synctest.Wait()
		g := linkspan.Group{Name: "a"}
		for id := range n {
			g.Networks = append(g.Networks, linkspan.NetworkID(id+1))
		}
		if got := cost(hub, fabric, view.PutGroup(&g)); got > onBoth {
			t.Errorf("to make it: %d changes of flows", got)
		}
		fabric.Ping(countyKey(1, 1), countyKey(2, 2), 64)
		fabric.Ping(countyKey(3, 1), countyKey(4, 1), 64)
		if got := cost(hub, fabric, view.RemoveGroup("a")); got > onBoth+8 {
			t.Errorf("to remove it: %d changes of flows", got)
		}
		for on := linkspan.ChassisID(1); on <= 2; on++ {
			for _, f := range fabric.Switch(on).Flows() {
				if k := pipeline.Cookie(f.Cookie).Kind(); !k.Static() {
					t.Errorf("left on %d: %s", on, f.String())
				}
			}
		}
	})
}

// TestWhatIsUnpluggedKeepsItsNetworks: also where the end goes by which they were found.
func TestWhatIsUnpluggedKeepsItsNetworks(t *testing.T) {
	for name, gone := range map[string]view.Key{"the far end": countyKey(2, 2), "the near end": countyKey(1, 1)} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context, hub *control.Hub, fabric *controltest.Fabric, _ *journal) {
				county(hub, 2)
				hub.Update(view.PutGroup(&linkspan.Group{Name: "a", Networks: []linkspan.NetworkID{1, 2}}))
				fabric.Connect(ctx, 1)
				fabric.Connect(ctx, 2)
				synctest.Wait()
				fabric.Ping(countyKey(1, 1), countyKey(2, 2), 64)
				w := hub.Watch()
				defer w.Close()
				hub.Update(view.RemoveEndpoint(gone.Network, gone.Address))
				synctest.Wait()
				events, _, err := w.Next(ctx)
				if err != nil || len(events) != 2 {
					t.Fatalf("%v, %v", events, err)
				}
				for _, e := range events {
					if e.Kind != control.Unplugged || e.From.As4()[1] != byte(e.Network) || e.To.As4()[1] != byte(e.ToNetwork) {
						t.Errorf("%s of %s > %s of %s", e.From, e.Network, e.To, e.ToNetwork)
					}
				}
			})
		})
	}
}
