// SPDX-License-Identifier: Apache-2.0

package cnmtest

import (
	"net/netip"
	"strconv"
	"sync/atomic"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/hotplug"
	"github.com/linkspan/linkspan/cnm/ipam/pool"
	"github.com/linkspan/linkspan/store/kv"
)

// World is everything around a controller with the hotplug driver and the pool
// IPAM. It outlives the controllers that are opened on it.
type World struct {
	Kill   *Kill
	Fabric *Fabric
	Bridge *Bridge
	Links  *Links
	Store  kv.Store

	pools atomic.Int64
}

// NewWorld returns a world on the store, whose fabric has the network Web.
func NewWorld(store kv.Store) *World {
	kill := new(Kill)
	w := &World{
		Kill:   kill,
		Fabric: &Fabric{Kill: kill},
		Bridge: &Bridge{Kill: kill},
		Links:  &Links{Kill: kill},
		Store:  Store{Store: store, Kill: kill},
	}
	w.Fabric.Put(Web())
	return w
}

// Web returns a network of the fabric, 10.7.0.0/24.
func Web() linkspan.Network {
	n := linkspan.Network{ID: 7, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24")}
	n.ApplyDefaults()
	return n
}

// Open starts a controller as a new process would, with driver "hotplug" and
// IPAM "pool".
func (w *World) Open() (*cnm.Controller, error) {
	driver, err := hotplug.New(hotplug.Options{Ports: w.Bridge, Links: w.Links, Fabric: w.Fabric, MTU: 1450})
	if err != nil {
		return nil, err
	}
	return cnm.New(cnm.Options{
		Store:   w.Store,
		Drivers: map[string]cnm.Driver{"hotplug": driver},
		IPAMs:   map[string]cnm.IPAM{"pool": pool.New(pool.Options{Fabric: w.Fabric, NewID: w.newPoolID})},
	})
}

// newPoolID counts, so that stories read the same each time.
func (w *World) newPoolID() string { return "pool-" + strconv.FormatInt(w.pools.Add(1), 10) }
