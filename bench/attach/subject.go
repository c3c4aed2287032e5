// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/linkspan/linkspan/bench/stand"
)

// host is where everything happens.
const host = "h1"

// The networks.
const (
	none     = "none"
	bridge   = "bridged"
	linkspan = "web"
	home     = "home" // Docker's own too: where a container is that is connected to another
)

// subject is one network that is measured.
type subject struct{ name, network string }

func subjects() []subject {
	return []subject{{"none", none}, {"Docker's bridge", bridge}, {"Linkspan", linkspan}}
}

// networked are the subjects but none.
func networked() []subject { return subjects()[1:] }

// furnish makes the networks.
func furnish(ctx context.Context, s *stand.Stand) error {
	for _, args := range [][]string{
		{"--driver", "bridge", "--subnet", "10.201.0.0/16", bridge},
		{"--driver", "bridge", "--subnet", "10.202.0.0/16", home},
		{"--driver", "linkspan", "--ipam-driver", "linkspan", "--subnet", "10.203.0.0/16", linkspan},
	} {
		if _, err := s.Docker(ctx, host, append([]string{"network", "create"}, args...)...); err != nil {
			return err
		}
	}
	return nil
}
