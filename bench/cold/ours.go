// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/linkspan/linkspan/bench/stand"
)

// network is the one that the containers are in.
const network = "web"

// container is an end of a pair.
type container struct{ host, name string }

// furnish makes the network and two containers on the first host and one on
// the second.
func furnish(ctx context.Context, s *stand.Stand) error {
	if _, err := s.Docker(ctx, "h1", "network", "create", "--driver", "linkspan", "--ipam-driver", "linkspan",
		"--subnet", "10.203.0.0/24", network); err != nil {
		return err
	}
	for _, c := range []container{{"h1", "asker"}, {"h1", "near"}, {"h2", "far"}} {
		if err := s.Networked(ctx, c.host, network); err != nil {
			return err
		}
		if _, err := s.Docker(ctx, c.host, "run", "--detach", "--name", c.name, "--network", network,
			"busybox", "sleep", "100000"); err != nil {
			return err
		}
	}
	return nil
}

// pair returns the subject of two containers.
func pair(ctx context.Context, s *stand.Stand, name string, id uint16, from, to container) (*subject, error) {
	space, err := s.Namespace(ctx, from.host, from.name)
	if err != nil {
		return nil, err
	}
	text, _, err := s.Ask(ctx, to.host, "inspect", "--format", fmt.Sprintf("{{.NetworkSettings.Networks.%s.IPAddress}}", network), to.name)
	if err != nil {
		return nil, err
	}
	sub := &subject{name: name}
	if sub.to, err = netip.ParseAddr(text); err != nil {
		return nil, err
	}
	if sub.from, err = newProber(space, id); err != nil {
		return nil, err
	}
	hosts := []string{from.host}
	if to.host != from.host {
		hosts = append(hosts, to.host)
	}
	for _, host := range hosts {
		b, err := management(s, host, "br-link", plugged())
		if err != nil {
			return nil, err
		}
		sub.bridges = append(sub.bridges, b)
	}
	return sub, nil
}

func management(s *stand.Stand, host, name string, routes filter) (*bridge, error) {
	path, err := s.Inside(host, "/run/openvswitch/"+name+".mgmt")
	if err != nil {
		return nil, err
	}
	cache, err := cacheOf(s, host)
	if err != nil {
		return nil, err
	}
	return openBridge(path, routes, cache)
}
