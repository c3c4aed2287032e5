// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/discovery"
)

// findPatience is how long is waited for a registry that announces itself.
const findPatience = 5 * time.Second

// announce tells the hosts of the management subnets that this registry is there. Where
// that cannot be, others know its address.
func (d *depot) announce(ctx context.Context, at net.Addr) error {
	c := d.role
	name, err := c.announced()
	if err != nil {
		return err
	}
	listens, outside := reachable(at)
	if name == "" || !outside {
		<-ctx.Done()
		return nil
	}
	on, err := discovery.Interfaces(c.subnets)
	if err == nil {
		var a *discovery.Announcer
		if a, err = discovery.Announce(ctx, discovery.Service{Name: name, Port: listens.Port()}, on); err == nil {
			c.log.Info("announced by multicast DNS", "name", name, "interfaces", len(on))
			err = a.Run(ctx)
		}
	}
	if err != nil {
		c.log.Warn("this registry is not announced", "error", err)
	}
	<-ctx.Done()
	return nil
}

// reachable returns an address, and whether it is one that other hosts can reach.
func reachable(at net.Addr) (netip.AddrPort, bool) {
	a, err := netip.ParseAddrPort(at.String())
	return a, err == nil && !a.Addr().IsLoopback()
}

// discoverRegistry returns the one registry that announces itself.
func discoverRegistry(ctx context.Context) (string, error) {
	on, err := discovery.Interfaces(nil)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, findPatience)
	defer cancel()
	found, err := discovery.Find(ctx, on)
	if err != nil {
		return "", err
	}
	var hosts []string
	for _, s := range found {
		hosts = append(hosts, s.Host())
	}
	switch len(hosts) {
	case 1:
		return hosts[0], nil
	case 0:
		return "", &linkspan.Error{Code: linkspan.NotFound, Message: "no registry announces itself here", Hint: "name one: linkspan login HOST:PORT"}
	}
	return "", &linkspan.Error{Code: linkspan.Conflict, Message: "several registries announce themselves: " + strings.Join(hosts, ", "), Hint: "name one of them"}
}
