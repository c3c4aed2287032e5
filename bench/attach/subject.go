// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/linkspan/linkspan/bench/process"
	"github.com/linkspan/linkspan/bench/stand"
)

// host is where everything happens.
const host = "h1"

// The networks.
const (
	none     = "none"
	bridge   = "bridged"
	local    = "local"
	linkspan = "web"
	alone    = "alone" // of the bare plugin
	home     = "home"  // Docker's own too: where a container is that is connected to another
)

// subject is one network that is measured; args make one of its kind.
type subject struct {
	name, network string
	args          []string
}

// subjects are all of them; the second is what the others are compared with.
func subjects() []subject {
	return []subject{
		{name: "none", network: none},
		{"Docker's bridge", bridge, []string{"--driver", "bridge"}},
		{"Linkspan", linkspan, []string{"--driver", "linkspan", "--ipam-driver", "linkspan"}},
		{"linkspan-bridge", local, []string{"--driver", "linkspan-bridge"}},
		{aVethAlone, alone, []string{"--driver", bareName, "--ipam-driver", bareName}},
	}
}

// networked are the subjects but none.
func networked() []subject { return subjects()[1:] }

// ofOneHost are those whose networks no controller is told of.
func ofOneHost() []subject {
	return slices.DeleteFunc(networked(), func(s subject) bool { return s.network == linkspan })
}

// extraSubnet is the number of the network that comes and goes.
const extraSubnet = 50

// bareName is the bare plugin's, and aVethAlone what its network is called.
const bareName, aVethAlone = "bare", "a veth alone"

// listenTime is how long that may take to listen.
const listenTime = 10 * time.Second

// startBare starts the bare plugin on the host, which is this program once more.
func startBare(ctx context.Context, s *stand.Stand, dir string) (*process.Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	socket := "/run/docker/plugins/" + bareName + ".sock"
	outside, err := s.Inside(host, socket)
	if err != nil {
		return nil, err
	}
	args, err := s.ExecArgs(host, "/", []string{self, "-plugin", socket})
	if err != nil {
		return nil, err
	}
	p, err := process.Start(process.Command{Path: args[0], Args: args[1:], Log: filepath.Join(dir, "bare.log")})
	if err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, listenTime)
	defer cancel()
	if err := p.Listening(wait, "unix", outside); err != nil {
		p.Stop()
		return nil, err
	}
	return p, nil
}

// furnish makes the networks.
func furnish(ctx context.Context, s *stand.Stand) error {
	list := append(networked(), subject{"", home, []string{"--driver", "bridge"}})
	for i, sub := range list {
		if err := create(ctx, s, sub.network, i, sub.args); err != nil {
			return err
		}
	}
	return nil
}

// create makes the network number i, 0 to 99, with a subnet of its own. That
// of the bare plugin is what that has.
func create(ctx context.Context, s *stand.Stand, name string, i int, args []string) error {
	_, err := s.Docker(ctx, host, createArgs(name, i, args)...)
	return err
}

func createArgs(name string, i int, args []string) []string {
	subnet := fmt.Sprintf("10.%d.0.0/16", 100+i)
	if args[1] == bareName {
		subnet = barePool
	}
	return append(append([]string{"network", "create"}, args...), "--subnet", subnet, name)
}
