// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"
	"path/filepath"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/docker"
	"github.com/linkspan/linkspan/cnm/mirror"
)

// The keys of the drivers whose networks are of one host, and of the one whose
// networks are overlays.
const (
	bridgeKey  = "bridge"
	macvlanKey = "macvlan"
	overlayKey = string(linkspan.Overlay)
)

// The managed plugin that swarms need: what people type after docker network
// create -d, and where it finds the switch of its host. That folder is the
// plugin's alone, and is there before the switch is, as at a boot.
const (
	swarmDriver = "linkspan/swarm:latest"
	swarmSocket = "/var/lib/linkspan/plugin/swarm.sock"
	swarmNone   = "none"
)

// pluginSocket is one of the sockets that Docker's drivers of ours are behind.
type pluginSocket struct {
	options  docker.Options
	path     string // empty: beside the first one
	listener net.Listener
}

// plugins opens the sockets, on a host that has Docker: the one of the settings, and
// those of the other drivers beside it, as Docker finds a driver by the name of its
// socket.
func (h *host) plugins() ([]*pluginSocket, error) {
	s := h.role
	if h.engine == nil {
		return nil, nil
	}
	all := []*pluginSocket{{options: docker.Options{Name: driverName, Driver: driverName, IPAM: driverName, IPv6: true, IPv4: true}}}
	all = append(all, &pluginSocket{options: docker.Options{
		Name: mirror.OverlayDriver, Driver: overlayKey, IPAM: driverName, IPAMName: driverName, OwnWayOut: true,
	}})
	for name, key := range map[string]string{mirror.BridgeDriver: bridgeKey, mirror.MacvlanDriver: macvlanKey} {
		all = append(all, &pluginSocket{options: docker.Options{Name: name, Driver: key, IPv6: true, OneHost: true, OwnWayOut: true}})
	}
	if s.swarm != swarmNone {
		all = append(all, &pluginSocket{path: s.swarm, options: docker.Options{
			Name: swarmDriver, Driver: driverName, IPAM: driverName, Swarm: h.swarm,
		}})
	}
	for i, p := range all {
		path := p.path
		switch {
		case i == 0:
			path = s.plugin
		case path == "":
			path = filepath.Join(filepath.Dir(s.plugin), p.options.Name+".sock")
		}
		p.options.Controller, p.options.Log = h.model, s.log
		var err error
		if p.listener, err = docker.Listen(path); err != nil {
			return nil, firstCause(err, closePlugins(all[:i]))
		}
	}
	return all, nil
}

func closePlugins(all []*pluginSocket) error {
	var errs []error
	for _, p := range all {
		errs = append(errs, p.listener.Close())
	}
	return firstCause(errs...)
}
