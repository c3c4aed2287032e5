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
	containers, err := pairs.In(ctx, s, "Linkspan, containers", network, "h1", "h2")
	if err != nil {
		return nil, err
	}
	sandboxes, err := c.sandboxes(ctx, s)
	if err != nil {
		return nil, err
	}
	has, err := linkOf(ctx, s, sandboxes, "eth0")
	if err != nil {
		return nil, err
	}
	if err := alike(ctx, s, has, containers, "eth0"); err != nil {
		return nil, err
	}
	bare, err := has.references(ctx, s, plain{subject: "plain VXLAN, namespaces", name: "bare", subnet: "10.91.3", vni: 7004})
	if err != nil {
		return nil, err
	}
	contained, err := has.references(ctx, s,
		plain{subject: "plain VXLAN, containers without rules", name: "lone", subnet: "10.91.0", vni: 7001, network: "none"},
		plain{subject: "plain VXLAN, containers with Docker's rules for names", name: "dockers", subnet: "10.91.2", vni: 7003, network: dockers},
		plain{subject: "plain VXLAN, containers with Docker's and our rules", name: "ruled", subnet: "10.91.1", vni: 7002, network: network},
	)
	if err != nil {
		return nil, err
	}
	r.Facts = append(r.Facts, "MTU "+has.mtu+" and the same offloads (ethtool -k) in all namespaces and containers; UDP port 4789")
	return append(
		pairs.Cells(", two namespaces on two hosts", pairs.Machine, len(bare), append([]*pairs.Pair{sandboxes}, bare...)...),
		pairs.Cells(", two containers on two hosts", pairs.Machine, len(contained), append([]*pairs.Pair{containers}, contained...)...)...,
	), c.remark(s, r)
}

// sandboxes makes one of them on each host: network namespaces, which the program
// that is measured made.
func (c *config) sandboxes(ctx context.Context, s *stand.Stand) (*pairs.Pair, error) {
	var ends []pairs.Space
	for i, host := range s.Hosts() {
		e := pairs.Space{Host: host, Within: c.Linkspan + " sandbox exec end -- ", Address: fmt.Sprintf("10.81.0.%d", 201+i)}
		if _, err := s.On(host, c.Linkspan, "sandbox", "create", "--network", network, "--ip", e.Address, "end"); err != nil {
			return nil, err
		}
		ends = append(ends, e)
	}
	return pairs.Between(ctx, s, "Linkspan, sandboxes", ends[0], ends[1])
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

// link is what the kernel says of the link of one end.
type link struct{ mtu, features string }

// references starts pairs whose links are as this one.
func (l link) references(ctx context.Context, s *stand.Stand, list ...plain) ([]*pairs.Pair, error) {
	var all []*pairs.Pair
	for _, p := range list {
		p.mtu = l.mtu
		theirs, err := p.start(ctx, s)
		if err != nil {
			return nil, err
		}
		if err := alike(ctx, s, l, theirs, pairs.Inside); err != nil {
			return nil, err
		}
		all = append(all, theirs)
	}
	return all, nil
}

// linkOf asks of the first one of a pair.
func linkOf(ctx context.Context, s *stand.Stand, p *pairs.Pair, name string) (l link, err error) {
	within, err := p.Inside(ctx, s)
	if err != nil {
		return l, err
	}
	ask := func(command string) (string, error) { return s.On(p.Host, strings.Fields(within+command)...) }
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

// alike is an error where the link of a pair is another than ours.
func alike(ctx context.Context, s *stand.Stand, ours link, p *pairs.Pair, name string) error {
	theirs, err := linkOf(ctx, s, p, name)
	if err != nil {
		return err
	}
	if theirs != ours {
		return fmt.Errorf("%s: its link is another one than ours: mtu %s and %s, features\n%s\nand\n%s",
			p.Subject, theirs.mtu, ours.mtu, theirs.features, ours.features)
	}
	return nil
}
