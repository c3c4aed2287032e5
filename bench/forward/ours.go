// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/linkspan/linkspan/bench/stand"
)

// plugged starts two containers of a network of ours.
func plugged(ctx context.Context, s *stand.Stand, subject, network, h1, h2 string) (*pair, error) {
	p := &pair{subject: subject, host: h1, from: network + "-from"}
	to := network + "-to"
	for _, e := range []struct{ host, name string }{{h1, p.from}, {h2, to}} {
		if err := s.Networked(ctx, e.host, network); err != nil {
			return nil, err
		}
		if err := start(ctx, s, e.host, e.name, "--network", network); err != nil {
			return nil, err
		}
	}
	var err error
	p.to, _, err = s.Ask(ctx, h2, "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", to)
	return p, err
}

// network makes a network of ours, over one transport.
func network(ctx context.Context, s *stand.Stand, name, subnet, transport string) error {
	_, err := s.Docker(ctx, "h1", "network", "create", "--driver", "linkspan", "--ipam-driver", "linkspan",
		"--subnet", subnet, "--opt", "linkspan.transport="+transport, "--opt", "com.docker.network.driver.mtu="+mtu, name)
	return err
}
