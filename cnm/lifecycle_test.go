// SPDX-License-Identifier: Apache-2.0

package cnm_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/cnmtest"
)

// start plays the script until the container runs.
func start(t *testing.T, w *cnmtest.World) *docker {
	t.Helper()
	d := &docker{c: open(t, w)}
	if n, err := play(limited(t), d, script()[:joined]); err != nil {
		t.Fatalf("%s: %v", script()[n].name, err)
	}
	return d
}

func TestRecordsOfARunningContainer(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		e, err := d.c.Endpoint(endpointID)
		must(t, err)
		want := cnm.Endpoint{
			ID: endpointID, Network: networkID, Address: netip.MustParsePrefix("10.7.0.3/24"),
			SandboxKey: "/run/docker/netns/1", HostInterface: e.HostInterface, Port: 100,
			Container: "c1", State: cnm.Joined,
			Attachment: &cnm.Attachment{
				SrcName: e.Attachment.SrcName, DstPrefix: "eth", Gateway: netip.MustParseAddr("10.7.0.1"),
			},
		}
		ignore := cmpopts.IgnoreFields(cnm.Endpoint{}, "MAC", "Created")
		if diff := cmp.Diff(want, e, ignore, cmpopts.EquateComparable(netip.Prefix{}, netip.Addr{})); diff != "" {
			t.Errorf("endpoint (-want +got):\n%s", diff)
		}
		boxes := d.c.Sandboxes()
		if len(boxes) != 1 || boxes[0].Key != "/run/docker/netns/1" || len(boxes[0].Endpoints) != 1 {
			t.Errorf("got sandboxes %+v, want one with the endpoint", boxes)
		}
		again := open(t, w)
		if diff := cmp.Diff(d.c.Endpoints(), again.Endpoints(), cmpopts.EquateComparable(netip.Prefix{}, netip.Addr{})); diff != "" {
			t.Errorf("endpoints after a restart (-before +after):\n%s", diff)
		}
	})
}

func TestANetworkWithEndpointsCannotBeRemoved(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		wantCode(t, d.c.DeleteNetwork(limited(t), networkID), linkspan.InUse)
		if _, err := d.c.Network(networkID); err != nil {
			t.Errorf("the network is gone: %v", err)
		}
	})
}

func TestRepeatedCallsGiveTheSameAnswer(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		must(t, createNetwork(limited(t), d))
		must(t, bind(limited(t), d))
		must(t, createEndpoint(limited(t), d))
		must(t, joinSandbox(limited(t), d))
		other := cnm.JoinRequest{Network: networkID, Endpoint: endpointID, SandboxKey: "/run/docker/netns/2"}
		_, err := d.c.Join(limited(t), other)
		wantCode(t, err, linkspan.InUse)
		_, err = d.c.CreateEndpoint(limited(t), cnm.EndpointRequest{
			ID: endpointID, Network: networkID, Address: netip.MustParsePrefix("10.7.0.9/24"),
		})
		wantCode(t, err, linkspan.Exists)
		err = d.c.CreateNetwork(limited(t), cnm.NetworkRequest{
			ID: networkID, Driver: "hotplug", Subnet: cnmtest.Web().Subnet, Internal: true,
		})
		wantCode(t, err, linkspan.Exists)
		for range 2 {
			for _, s := range script()[joined:] {
				if err := s.do(limited(t), d); err != nil {
					t.Errorf("%s: %v", s.name, err)
				}
			}
		}
		wantNothing(t, w, d.c)
	})
}

func TestAnAddressOfAnotherNetworkIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		_, err := d.c.CreateEndpoint(limited(t), cnm.EndpointRequest{
			ID: "other", Network: networkID, Address: netip.MustParsePrefix("10.7.0.77/24"),
		})
		wantCode(t, err, linkspan.NotFound)
		_, err = d.c.CreateEndpoint(limited(t), cnm.EndpointRequest{
			ID: "other", Network: networkID, Address: d.address,
		})
		wantCode(t, err, linkspan.NotFound)
	})
}

func TestIDsThatAreNoneAreRefused(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		c := open(t, w)
		for _, id := range []string{"", "a/b", "..", "a b", "\x00"} {
			wantCode(t, c.CreateNetwork(limited(t), cnm.NetworkRequest{ID: id, Driver: "hotplug"}), linkspan.Invalid)
			_, err := c.CreateEndpoint(limited(t), cnm.EndpointRequest{ID: id, Network: networkID})
			wantCode(t, err, linkspan.Invalid)
		}
	})
}

func TestDescribePassesTheNameOn(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		if held := w.Fabric.Held(); len(held) != 1 || !held[0].Undescribed {
			t.Errorf("before Docker has told, the fabric has %+v", held)
		}
		must(t, d.c.Describe(limited(t), endpointID, cnm.Description{
			Container: "front", Labels: map[string]string{"tier": "web"}, Aliases: []string{"www"},
		}))
		held := w.Fabric.Held()
		if len(held) != 1 || held[0].Container != "front" || held[0].Labels["tier"] != "web" || held[0].Port != 100 || !slices.Equal(held[0].Aliases, []string{"www"}) || held[0].Undescribed {
			t.Errorf("the fabric has %+v", held)
		}
		wantCode(t, d.c.Describe(limited(t), "gone", cnm.Description{Container: "front"}), linkspan.NotFound)
	})
}

// Of endpoints that Docker does not have nobody tells anything more.
func TestUndescribed(t *testing.T) {
	for _, c := range []struct {
		e    cnm.Endpoint
		want bool
	}{{cnm.Endpoint{}, true}, {cnm.Endpoint{Seen: true}, false}, {cnm.Endpoint{Own: true}, false}} {
		if got := c.e.Undescribed(); got != c.want {
			t.Errorf("%+v: %t", c.e, got)
		}
	}
}

func TestPublishingIsRefusedNotIgnored(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		must(t, d.c.Publish(limited(t), networkID, endpointID, nil))
		err := d.c.Publish(limited(t), networkID, endpointID, []cnm.PortMap{{Proto: 6, Port: 80, HostPort: 8080}})
		wantCode(t, err, linkspan.Invalid)
		must(t, d.c.Unpublish(limited(t), networkID, endpointID))
		must(t, d.c.Unpublish(limited(t), networkID, "gone"))
	})
}

// What the driver fails to take away is taken away later, and Docker, which
// ignores the error, hears of none.
func TestRemovalsAreRepeatedUntilTheySucceed(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		w.Fabric.Fail = func(op string) error {
			if op == "release" {
				return &linkspan.Error{Code: linkspan.Unavailable, Message: "away"}
			}
			return nil
		}
		for _, s := range script()[joined:] {
			must(t, s.do(limited(t), d))
		}
		if held := w.Fabric.Held(); len(held) != 1 {
			t.Fatalf("the fabric has %v, want one address that could not be released", held)
		}
		c := open(t, w) // the queue survives
		c.Maintain(t.Context())
		w.Fabric.Fail = nil
		wantNothing(t, w, c)
	})
}

func TestErrorsKeepTheirCause(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		cause := errors.New("cut")
		w.Fabric.Fail = func(string) error { return cause }
		_, err := d.c.RequestAddress(limited(t), cnm.AddressWish{Pool: d.pool})
		if !errors.Is(err, cause) {
			t.Errorf("got %v, want it to wrap the cause", err)
		}
	})
}

// Run does on its own what the other tests do by hand, and ends with ctx.
func TestRun(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		var away atomic.Bool
		away.Store(true)
		w.Fabric.Fail = func(op string) error {
			if away.Load() {
				return failing("release")(op)
			}
			return nil
		}
		for _, s := range script()[joined:] {
			must(t, s.do(limited(t), d))
		}
		must(t, requestPool(limited(t), d))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- d.c.Run(ctx) }()
		time.Sleep(time.Hour)
		away.Store(false)
		time.Sleep(2 * time.Minute)
		if len(d.c.Pools()) != 0 || len(w.Fabric.Held()) != 0 {
			t.Errorf("left: %v, %v", d.c.Pools(), w.Fabric.Held())
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
