// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/linkspan/linkspan/bench/pairs"
	"github.com/linkspan/linkspan/bench/report"
	"github.com/linkspan/linkspan/bench/stand"
)

// statics is how many pairs of a cell, the last ones, are static.
const statics = 2

// Benchmark implements [pairs.Program].
func (c *config) Benchmark(ctx context.Context, args []string) error {
	var l layout
	return c.Run(ctx, pairs.Plan{
		Title: "Forwarding", Command: append([]string{"forward"}, args...),
		SwitchArgs: []string{"--fast-path", c.fastPath},
		Prepare: func(ctx context.Context, s *stand.Stand, r *report.Report) ([]pairs.Cell, error) {
			return c.prepare(ctx, s, &l, r)
		},
		Before: l.shuffle,
	})
}

// prepare starts all pairs.
func (c *config) prepare(ctx context.Context, s *stand.Stand, l *layout, r *report.Report) ([]pairs.Cell, error) {
	if err := c.choose(ctx, s); err != nil {
		return nil, err
	}
	near, far, err := startOurs(ctx, s, l)
	if err != nil {
		return nil, err
	}
	features := "tx-udp-segmentation off tx-checksum-sctp off"
	if c.fastPath == "none" {
		features = "tx off tso off gso off"
	}
	near, far, err = startStatic(ctx, s, l, near, far, features)
	if err != nil {
		return nil, err
	}
	found, err := s.On("h1", c.Linkspan, "doctor")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(found) {
		if strings.Contains(line, "fast path") || strings.Contains(line, "bridge br-link") {
			r.Facts = append(r.Facts, strings.Join(strings.Fields(line), " "))
		}
	}
	return append(
		pairs.Cells(", same host", pairs.Switches, statics, near...),
		pairs.Cells(", two hosts", pairs.Switches, statics, far...)...), nil
}

// startStatic appends the static pairs.
func startStatic(ctx context.Context, s *stand.Stand, l *layout, near, far []*pairs.Pair, features string) (_, _ []*pairs.Pair, err error) {
	for i, matched := range []bool{true, false} {
		by := []string{"two static flows by address", "two static flows by port"}[i]
		p, err := static{by, fmt.Sprintf("st%d", i), fmt.Sprintf("10.91.%d", i), features, matched}.joined(ctx, s, l)
		if err != nil {
			return nil, nil, err
		}
		near = append(near, p)
		if p, err = (static{by, fmt.Sprintf("fa%d", i), fmt.Sprintf("10.92.%d", i), features, matched}).apart(ctx, s, l, 7001+i); err != nil {
			return nil, nil, err
		}
		far = append(far, p)
	}
	return near, far, nil
}

// startOurs starts the pairs of our networks.
func startOurs(ctx context.Context, s *stand.Stand, l *layout) (near, far []*pairs.Pair, err error) {
	for _, n := range []struct{ name, subnet, transport string }{
		{"near", "10.81.0.0/24", "tunnel"}, {"tunnel", "10.82.0.0/24", "tunnel"}, {"direct", "10.83.0.0/24", "direct"},
	} {
		_, err := s.Docker(ctx, "h1", "network", "create", "--driver", "linkspan", "--ipam-driver", "linkspan",
			"--subnet", n.subnet, "--opt", "linkspan.transport="+n.transport, "--opt", "com.docker.network.driver.mtu="+mtu, n.name)
		if err != nil {
			return nil, nil, err
		}
	}
	l.uplinks(s)
	a, err := plugged(ctx, s, l, "Linkspan", "near", "h1", "h1")
	if err != nil {
		return nil, nil, err
	}
	for _, transport := range []string{"tunnel", "direct"} {
		p, err := plugged(ctx, s, l, "Linkspan, "+transport, transport, "h1", "h2")
		if err != nil {
			return nil, nil, err
		}
		far = append(far, p)
	}
	return []*pairs.Pair{a}, far, nil
}

// plugged starts two containers of a network of ours.
func plugged(ctx context.Context, s *stand.Stand, l *layout, subject, network, h1, h2 string) (*pairs.Pair, error) {
	p, err := pairs.In(ctx, s, subject, network, h1, h2)
	if err != nil {
		return nil, err
	}
	for _, e := range []struct{ host, name string }{{h1, p.From}, {h2, network + "-to"}} {
		address, _, err := s.Ask(ctx, e.host, "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", e.name)
		if err != nil {
			return nil, err
		}
		l.add(e.host, "docker network disconnect "+network+" "+e.name, "docker network connect --ip "+address+" "+network+" "+e.name)
	}
	return p, nil
}
