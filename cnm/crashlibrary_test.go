// SPDX-License-Identifier: Apache-2.0

package cnm_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/cnmtest"
	"github.com/linkspan/linkspan/cnm/driver/bridge"
	"github.com/linkspan/linkspan/cnm/driver/drivertest"
	"github.com/linkspan/linkspan/cnm/ipam/pool"
	"github.com/linkspan/linkspan/ovs/ovstest"
	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/memory"
)

// later is a controller of a process that comes after a while.
func later(t *testing.T, store kv.Store, folder string, after time.Duration) (*cnm.Controller, *bridge.Driver) {
	t.Helper()
	d := bridge.New(bridge.Options{})
	c, err := cnm.New(cnm.Options{
		Store: store, Sandboxes: filepath.Join(folder, "netns"), Drivers: map[string]cnm.Driver{"bridge": d},
		IPAMs: map[string]cnm.IPAM{"pool": pool.New(pool.Options{})},
		Now:   func() time.Time { return time.Now().Add(after) },
	})
	must(t, err)
	return c, d
}

// life is what a program does that uses the library, until something fails.
func life(ctx context.Context, c *cnm.Controller) error {
	web, err := c.NewNetwork(ctx, cnm.NetworkSpec{Name: "web", Driver: "bridge", IPv6: true})
	if err != nil {
		return err
	}
	box, err := c.NewSandbox(ctx, cnm.SandboxSpec{Name: "a"})
	if err != nil {
		return err
	}
	e, err := c.NewEndpoint(ctx, cnm.EndpointSpec{Name: "a", Network: web.ID})
	if err != nil {
		return err
	}
	_, err = c.Join(ctx, cnm.JoinRequest{
		Network: web.ID, Endpoint: e.ID, SandboxKey: box.Key, PortMaps: []cnm.PortMap{{Proto: 6, Port: 80, HostPort: 8080}},
	})
	return errors.Join(err, c.DeleteSandbox(ctx, box.ID), c.DeleteEndpoint(ctx, web.ID, e.ID), c.DeleteNetwork(ctx, web.ID))
}

// A process that dies at any of its transactions leaves on the host nothing
// that the next one does not know, and lets it remove everything.
func TestTheLibraryLeaksNothingWhereverItsProcessDies(t *testing.T) {
	ovstest.Need(t, "ip")
	for at := range maxSteps {
		kill, plain, folder := new(cnmtest.Kill), memory.New(), t.TempDir()
		c, d := later(t, cnmtest.Store{Store: plain, Kill: kill}, folder, 0)
		kill.At(at)
		_ = life(t.Context(), c) // removals that fail are repeated, and no error
		died := kill.Struck()
		kill.Revive()
		d.Close()
		c, d = later(t, plain, folder, 5*time.Minute)
		wantEmptied(t, at, c)
		d.Close()
		must(t, plain.Close())
		if !died {
			return
		}
	}
	t.Errorf("a life has more than %d transactions", maxSteps)
}

// wantEmptied removes what the controller knows, and looks for what is left.
func wantEmptied(t *testing.T, at int, c *cnm.Controller) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), drivertest.Patience)
	defer cancel()
	ran := make(chan error, 1)
	running, stop := context.WithCancel(ctx)
	go func() { ran <- c.Run(running) }()
	for s := range c.WalkSandboxes() {
		must(t, c.DeleteSandbox(ctx, s.ID))
	}
	for e := range c.WalkEndpoints("") {
		must(t, c.DeleteEndpoint(ctx, e.Network, e.ID))
	}
	for n := range c.WalkNetworks() {
		must(t, c.DeleteNetwork(ctx, n.ID))
	}
	left := ""
	ovstest.Eventually(t, fmt.Sprintf("death at %d leaves nothing", at), func() bool {
		links := strings.Fields(ovstest.IP(t, "-br", "link", "show"))
		left = fmt.Sprint(c.Pools(), c.Leases(), c.Sandboxes(), links)
		return len(c.Pools())+len(c.Leases())+len(c.Sandboxes())+len(c.Endpoints())+len(c.Networks()) == 0 && !strings.Contains(left, "lb")
	})
	stop()
	<-ran
}
