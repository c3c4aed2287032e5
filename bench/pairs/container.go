// SPDX-License-Identifier: Apache-2.0

package pairs

import (
	"context"

	"github.com/linkspan/linkspan/bench/stand"
)

const (
	port    = "7000"   // where every container serves
	program = "/bench" // this program, in every container
)

// Start starts a container that serves, with more options of docker run.
func Start(ctx context.Context, s *stand.Stand, host, name string, options ...string) error {
	self, err := own()
	if err != nil {
		return err
	}
	args := append([]string{"run", "-d", "--name", name, "--volume", self + ":" + program + ":ro"}, options...)
	_, err = s.Docker(ctx, host, append(args, "busybox", program, "serve", ":"+port)...)
	return err
}

// In starts two containers in one of Docker's networks, on two hosts or on one:
// NETWORK-from and NETWORK-to.
func In(ctx context.Context, s *stand.Stand, subject, network, h1, h2 string) (*Pair, error) {
	p := &Pair{Subject: subject, Host: h1, From: network + "-from"}
	to := network + "-to"
	for _, e := range []struct{ host, name string }{{h1, p.From}, {h2, to}} {
		if err := s.Networked(ctx, e.host, network); err != nil {
			return nil, err
		}
		if err := Start(ctx, s, e.host, e.name, "--network", network); err != nil {
			return nil, err
		}
	}
	var err error
	p.To, _, err = s.Ask(ctx, h2, "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", to)
	return p, err
}
