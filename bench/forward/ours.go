// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/bench/stand"
)

// uplinks adds the ports that lead to other hosts.
func uplinks(s *stand.Stand, l *layout) {
	for _, host := range s.Hosts() {
		l.add(host, "ovs-vsctl del-port lsvx",
			fmt.Sprintf("ovs-vsctl add-port br-link lsvx -- set interface lsvx ofport_request=%d", linkspan.TunnelPort))
		l.add(host, "ovs-vsctl del-port lsdx",
			fmt.Sprintf("ovs-vsctl add-port br-link lsdx -- set interface lsdx ofport_request=%d", linkspan.DirectPort))
	}
}

// plugged starts two containers of a network of ours.
func plugged(ctx context.Context, s *stand.Stand, l *layout, subject, network, h1, h2 string) (*pair, error) {
	p := &pair{subject: subject, host: h1, from: network + "-from"}
	to := network + "-to"
	for _, e := range []struct{ host, name string }{{h1, p.from}, {h2, to}} {
		if err := s.Networked(ctx, e.host, network); err != nil {
			return nil, err
		}
		if err := start(ctx, s, e.host, e.name, "--network", network); err != nil {
			return nil, err
		}
		address, _, err := s.Ask(ctx, e.host, "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", e.name)
		if err != nil {
			return nil, err
		}
		p.to = address // the second one's is left
		l.add(e.host, "docker network disconnect "+network+" "+e.name, "docker network connect --ip "+address+" "+network+" "+e.name)
	}
	return p, nil
}

// network makes a network of ours, over one transport.
func network(ctx context.Context, s *stand.Stand, name, subnet, transport string) error {
	_, err := s.Docker(ctx, "h1", "network", "create", "--driver", "linkspan", "--ipam-driver", "linkspan",
		"--subnet", subnet, "--opt", "linkspan.transport="+transport, "--opt", "com.docker.network.driver.mtu="+mtu, name)
	return err
}
