// SPDX-License-Identifier: Apache-2.0

package moby_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/moby/moby/v2/daemon/libnetwork/discoverapi"
	"github.com/moby/moby/v2/daemon/libnetwork/driverapi"
	"github.com/moby/moby/v2/daemon/libnetwork/drivers/remote"
	"github.com/moby/moby/v2/daemon/libnetwork/drvregistry"
	"github.com/moby/moby/v2/daemon/libnetwork/ipamapi"
	ipams "github.com/moby/moby/v2/daemon/libnetwork/ipams/remote"
	"github.com/moby/moby/v2/pkg/plugins"
)

// engine is what dockerd has around its proxies: the registries of drivers.
type engine struct {
	networks drvregistry.Networks
	ipams    drvregistry.IPAMs
}

// dockerd is the engine of this process: Docker's table of plugins, which calls
// it when it has activated one, is the process's too.
var dockerd = sync.OnceValues(func() (*engine, error) {
	e := new(engine)
	return e, errors.Join(remote.Register(&e.networks, nil), ipams.Register(&e.ipams, nil))
})

// driver is all that dockerd can ask of a network driver's proxy.
type driver interface {
	driverapi.Driver
	driverapi.ExtConner
	driverapi.GwAllocChecker
	driverapi.NetworkAllocator
	discoverapi.Discover
}

// proxies are what dockerd has of one plugin. ipam is nil when the plugin has
// none.
type proxies struct {
	driver
	reach driverapi.Capability
	ipam  ipamapi.Ipam
	needs *ipamapi.Capability
}

// find looks a plugin up by its name and activates it.
func find(t *testing.T, name string) proxies {
	t.Helper()
	e, err := dockerd()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plugins.Get(name, driverapi.NetworkPluginEndpointType); err != nil {
		t.Fatal(err)
	}
	var p proxies
	registered, reach := e.networks.Driver(name)
	p.driver, _ = registered.(driver)
	if p.driver == nil {
		t.Fatalf("network driver %s is %T", name, registered)
	}
	p.reach = reach
	p.ipam, p.needs = e.ipams.IPAM(name)
	return p
}

// announce lets Docker find the plugin behind a socket. The folder is the one
// of a dockerd without root, whose place is the only one that can be chosen.
func announce(t *testing.T, name, socket string) {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("ROOTLESSKIT_STATE_DIR", home)
	folder := filepath.Join(home, ".local/lib/docker/plugins")
	err := os.MkdirAll(folder, 0o755)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name+".spec"), []byte("unix://"+socket), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
