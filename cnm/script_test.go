// SPDX-License-Identifier: Apache-2.0

package cnm_test

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/cnmtest"
	"github.com/linkspan/linkspan/store/kv/memory"
)

const (
	networkID  = "96fd0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab"
	endpointID = "6cae0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab"
)

// docker does to a controller what Docker does, one step after the other.
type docker struct {
	c       *cnm.Controller
	pool    string
	address netip.Prefix
	options map[string]string // of the endpoint
}

type step struct {
	name string
	do   func(context.Context, *docker) error
}

// script is the life of a network with one container.
func script() []step {
	return []step{
		{"request pool", requestPool},
		{"request gateway", requestGateway},
		{"request auxiliary", requestAuxiliary},
		{"create network", createNetwork},
		{"bind", bind},
		{"request address", requestAddress},
		{"create endpoint", createEndpoint},
		{"join", joinSandbox},
		{"leave", func(ctx context.Context, d *docker) error { return d.c.Leave(ctx, networkID, endpointID) }},
		{"delete endpoint", func(ctx context.Context, d *docker) error { return d.c.DeleteEndpoint(ctx, networkID, endpointID) }},
		{"release address", func(ctx context.Context, d *docker) error {
			return d.c.ReleaseAddress(ctx, d.pool, d.address.Addr())
		}},
		{"release gateway", func(ctx context.Context, d *docker) error {
			return d.c.ReleaseAddress(ctx, d.pool, cnmtest.Web().Gateway)
		}},
		{"release pool", func(ctx context.Context, d *docker) error { return d.c.ReleasePool(ctx, d.pool) }},
		{"delete network", func(ctx context.Context, d *docker) error { return d.c.DeleteNetwork(ctx, networkID) }},
	}
}

// joined is the number of steps of the script until the container runs.
const joined = 8

func requestPool(ctx context.Context, d *docker) error {
	p, err := d.c.RequestPool(ctx, cnm.PoolRequest{IPAM: "pool", Subnet: cnmtest.Web().Subnet})
	d.pool = p.ID
	return err
}

func requestGateway(ctx context.Context, d *docker) error {
	_, err := d.c.RequestAddress(ctx, cnm.AddressWish{Pool: d.pool, Gateway: true})
	return err
}

func requestAuxiliary(ctx context.Context, d *docker) error {
	_, err := d.c.RequestAddress(ctx, cnm.AddressWish{Pool: d.pool, Want: netip.MustParseAddr("10.7.0.2")})
	return err
}

func createNetwork(ctx context.Context, d *docker) error {
	return d.c.CreateNetwork(ctx, cnm.NetworkRequest{
		ID: networkID, Driver: "hotplug", Subnet: cnmtest.Web().Subnet, Gateway: cnmtest.Web().Gateway,
	})
}

func bind(ctx context.Context, d *docker) error { return d.c.Bind(ctx, networkID, cnmtest.Web()) }

func requestAddress(ctx context.Context, d *docker) (err error) {
	d.address, err = d.c.RequestAddress(ctx, cnm.AddressWish{Pool: d.pool, Container: "c1"})
	return err
}

func createEndpoint(ctx context.Context, d *docker) error {
	_, err := d.c.CreateEndpoint(ctx, cnm.EndpointRequest{ID: endpointID, Network: networkID, Address: d.address, Options: d.options})
	return err
}

func joinSandbox(ctx context.Context, d *docker) error {
	_, err := d.c.Join(ctx, cnm.JoinRequest{Network: networkID, Endpoint: endpointID, SandboxKey: "/run/docker/netns/1"})
	return err
}

// play does steps until one fails, and returns its place, or the number of
// steps.
func play(ctx context.Context, d *docker, steps []step) (int, error) {
	for i, s := range steps {
		if err := s.do(ctx, d); err != nil {
			return i, err
		}
	}
	return len(steps), nil
}

// bubble runs a test with a world on simulated time.
func bubble(t *testing.T, run func(t *testing.T, w *cnmtest.World)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store := memory.New()
		defer store.Close()
		run(t, cnmtest.NewWorld(store))
	})
}

func open(t *testing.T, w *cnmtest.World) *cnm.Controller {
	t.Helper()
	c, err := w.Open()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// limited is the context of one call of Docker's.
func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// wantNothing lets all grace pass, tells the controller that Docker has
// nothing, and asks whether anything is left anywhere.
func wantNothing(t *testing.T, w *cnmtest.World, c *cnm.Controller) {
	t.Helper()
	for range 3 {
		time.Sleep(5 * time.Minute)
		c.Maintain(t.Context())
		_, err := c.Reconcile(t.Context(), cnm.Present{
			Taken: time.Now(), Networks: map[string]struct{}{}, Endpoints: map[string]struct{}{}, Fabric: w.Fabric.Held(),
		})
		if err != nil {
			t.Errorf("reconcile: %v", err)
		}
	}
	entries, _, err := w.Store.List(t.Context(), "cnm/")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		t.Errorf("left in the store: %s %s", entry.Key, entry.Value)
	}
	ports, _ := w.Bridge.Ports(t.Context())
	links, _ := w.Links.List(t.Context(), "")
	if held := w.Fabric.Held(); len(held)+len(ports)+len(links) > 0 {
		t.Errorf("left: addresses %v, ports %v, links %v", held, ports, links)
	}
}

func wantCode(t *testing.T, err error, code linkspan.Code) {
	t.Helper()
	if err == nil || linkspan.CodeOf(err) != code {
		t.Errorf("got error %v, want code %s", err, code)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
