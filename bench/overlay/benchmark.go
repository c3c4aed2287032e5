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

// network is the name of the overlay, dockers that of a network of Docker's own
// driver on each host: whoever is in one has Docker's rules for names.
const (
	network = "wire"
	dockers = "dockers"
)

// Benchmark implements [pairs.Program].
func (c *config) Benchmark(ctx context.Context, args []string) error {
	return c.Run(ctx, pairs.Plan{
		Title: "Overlay", Command: append([]string{"overlay"}, args...), Prepare: c.prepare,
	})
}

// prepare starts all pairs.
func (c *config) prepare(ctx context.Context, s *stand.Stand, r *report.Report) ([]pairs.Cell, error) {
	_, err := s.Docker(ctx, "h1", "network", "create", "--driver", "linkspan-overlay", "--ipam-driver", "linkspan", "--subnet", "10.81.0.0/24", network)
	if err != nil {
		return nil, err
	}
	for _, host := range s.Hosts() {
		if _, err := s.Docker(ctx, host, "network", "create", dockers); err != nil {
			return nil, err
		}
	}
	ours, err := pairs.In(ctx, s, "Linkspan, overlay", network, "h1", "h2")
	if err != nil {
		return nil, err
	}
	has, err := linkOf(ctx, s, ours, "eth0")
	if err != nil {
		return nil, err
	}
	all := []*pairs.Pair{ours}
	references := []plain{
		{subject: "plain VXLAN, two namespaces", name: "bare", subnet: "10.91.0", vni: 7001, mtu: has.mtu, network: "none"},
		{subject: "plain VXLAN, containers with Docker's rules for names", name: "dockers", subnet: "10.91.2", vni: 7003, mtu: has.mtu, network: dockers},
		{subject: "plain VXLAN, containers with Docker's and our rules", name: "ruled", subnet: "10.91.1", vni: 7002, mtu: has.mtu, network: network},
	}
	for _, p := range references {
		theirs, err := p.start(ctx, s)
		if err != nil {
			return nil, err
		}
		if err := alike(ctx, s, has, theirs); err != nil {
			return nil, err
		}
		all = append(all, theirs)
	}
	r.Facts = append(r.Facts, "MTU "+has.mtu+" and the same offloads (ethtool -k) in all containers; UDP port 4789")
	return pairs.Cells(", two hosts", pairs.Machine, len(references), all...), c.remark(s, r)
}

// remark adds what the hosts say of themselves.
func (c *config) remark(s *stand.Stand, r *report.Report) error {
	for _, host := range s.Hosts() {
		found, err := s.On(host, c.Linkspan, "doctor")
		if err != nil {
			return err
		}
		for line := range strings.Lines(found) {
			if words := strings.Fields(line); len(words) > 1 && words[1] == "overlay" {
				r.Facts = append(r.Facts, host+": "+strings.Join(words, " "))
			}
		}
	}
	return nil
}

// link is what the kernel says of a container's link.
type link struct{ mtu, features string }

// linkOf asks of the first container of a pair.
func linkOf(ctx context.Context, s *stand.Stand, p *pairs.Pair, name string) (l link, err error) {
	pid, err := s.Process(ctx, p.Host, p.From)
	if err != nil {
		return l, err
	}
	ask := func(command string) (string, error) {
		return s.On(p.Host, strings.Fields(stand.Within(pid)+command)...)
	}
	if l.features, err = ask("ethtool -k " + name); err != nil {
		return l, err
	}
	_, l.features, _ = strings.Cut(l.features, "\n") // the first line has the name
	said, err := ask("ip -o link show dev " + name)
	if err != nil {
		return l, err
	}
	_, rest, _ := strings.Cut(said, " mtu ")
	l.mtu, _, _ = strings.Cut(rest, " ")
	return l, nil
}

// alike is an error where the links of a reference are others than ours.
func alike(ctx context.Context, s *stand.Stand, ours link, p *pairs.Pair) error {
	theirs, err := linkOf(ctx, s, p, pairs.Inside)
	if err != nil {
		return err
	}
	if theirs != ours {
		return fmt.Errorf("%s: its link is another one than ours: mtu %s and %s, features\n%s\nand\n%s",
			p.Subject, theirs.mtu, ours.mtu, theirs.features, ours.features)
	}
	return nil
}
