// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/http"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/remote"
	remoteipam "github.com/linkspan/linkspan/cnm/ipam/remote"
	"github.com/linkspan/linkspan/cnm/local"
	"github.com/linkspan/linkspan/cnm/mirror"
	"github.com/linkspan/linkspan/cnm/plug"
	"github.com/linkspan/linkspan/ovs/netns"
)

// The keys of the drivers that have one network each.
const (
	nullKey = "null"
	hostKey = "host"
)

// resolverFile is what programs in sandboxes have for /etc/resolv.conf.
const resolverFile = "/run/linkspan/resolv.conf"

// openHere makes the service that is about this host alone.
func (h *host) openHere() (err error) {
	cfg := local.Config{
		Model: h.model, Fabric: h.fabric, FabricDrivers: fabricDrivers(), FabricIPAM: driverName, Log: h.role.log, Resolver: resolverFile,
		Faces:    []string{mirror.Driver, mirror.OverlayDriver},
		Drivers:  []string{bridgeKey, macvlanKey, nullKey, hostKey},
		InDocker: inDocker(),
	}
	if h.engine != nil {
		cfg.Docker, cfg.InSwarm = h.engine, mirror.SwarmID
	} else {
		cfg.Plugin = hasPlugin
	}
	h.here, err = local.New(cfg)
	return err
}

// folders is where anybody's plugins are found.
func folders() plug.Folders { return plug.Folders{} }

// fabricDrivers are the keys of the drivers that networks of the fabric have.
func fabricDrivers() map[linkspan.Driver]string {
	return map[linkspan.Driver]string{linkspan.Hotplug: driverName, linkspan.Overlay: overlayKey}
}

// inDocker are the names that dockerd has for drivers whose keys are others.
func inDocker() map[string]string {
	return map[string]string{bridgeKey: mirror.BridgeDriver, macvlanKey: mirror.MacvlanDriver}
}

func hasPlugin(name string) error {
	_, err := folders().Find(name)
	return err
}

func (h *host) otherDriver(name string) cnm.Driver {
	return remote.New(remote.Options{Plugin: plug.New(plug.Options{Name: name, Folders: folders()}), Log: h.role.log})
}

func (h *host) otherIPAM(name string) cnm.IPAM {
	return remoteipam.New(remoteipam.Options{Plugin: plug.New(plug.Options{Name: name, Folders: folders()}), Log: h.role.log})
}

// avoid returns what no subnet that is chosen for a network of this host may
// overlap with: what the host has routes to, and the fabric's networks.
func (h *host) avoid(ctx context.Context) ([]netip.Prefix, error) {
	taken, err := netns.Destinations(ctx)
	for _, n := range h.fabric.Networks() {
		taken = append(taken, n.Subnets()...)
	}
	return taken, err
}

// promised returns what no subnet that is chosen for a network of the fabric may
// overlap with: those that are there, which a swarm's hosts do not all show, and
// those that the swarm's manager here has promised.
func (h *host) promised(context.Context) ([]netip.Prefix, error) {
	taken := h.swarm.Subnets()
	for _, n := range h.fabric.Networks() {
		taken = append(taken, n.Subnets()...)
	}
	return taken, nil
}

// inSwarm says whether this host's dockerd knows a network of its swarm.
func (h *host) inSwarm(ctx context.Context, id string) (bool, error) {
	if h.engine == nil {
		return false, nil
	}
	return h.engine.Has(ctx, id)
}

// beside adds to the API of another role of this process what is about this host,
// its configuration included.
func (s *switchRole) beside(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", afterSettling(func(ctx context.Context) {
		if h := s.host.Load(); h != nil {
			h.settle(ctx)
		}
	}, next))
	mux.HandleFunc("/"+apiv1connect.HostServiceName+"/", func(w http.ResponseWriter, r *http.Request) {
		h := s.host.Load()
		if h == nil {
			s.isStarting(w, r)
			return
		}
		_, handler := apiv1connect.NewHostServiceHandler(h.here)
		handler.ServeHTTP(w, r)
	})
	return s.audited(s.withNOS(mux))
}
