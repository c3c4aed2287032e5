// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/driver/hotplug"
	"github.com/linkspan/linkspan/cnm/names"
	"github.com/linkspan/linkspan/nos/mode"
)

// makeModes makes what has the switch, the fabric's controller or a foreign one decide.
func (n *nos) makeModes() {
	n.modes = mode.New(mode.Options{Dial: n.switching.Channel, Ports: n.switching, Guests: n.switching, Log: n.role.log})
}

// joinModes lets the hosts on this switch's ports be endpoints of the fabric, until what it
// returns is called. Their numbers on br-link are taken before any container's.
func (h *host) joinModes(numbers *hotplug.Driver) (leave func()) {
	n := h.role.nos.Load()
	if n == nil {
		return func() {}
	}
	n.modes.Join(mode.Link{
		Fabric: h.fabric, Bridge: h.role.bridge, Numbers: numbers, Names: bearers{names.NewRemote(h.uplink.api.Names)},
	})
	return n.modes.Leave
}

// bearers tells who has which address in the fabric, on whatever host.
type bearers struct{ names.Source }

var _ mode.Names = bearers{}

// Bearer implements [mode.Names].
func (b bearers) Bearer(ctx context.Context, network linkspan.NetworkID, address netip.Addr) (string, error) {
	answers, err := b.Ask(ctx, []names.Question{{Network: network, Address: address}})
	if err != nil {
		return "", err
	}
	for _, all := range answers {
		for _, one := range all {
			return one.Container, nil
		}
	}
	return "", nil
}

// stations are those hosts, as this switch wants them stored.
func (h *host) stations() []linkspan.Endpoint {
	if n := h.role.nos.Load(); n != nil {
		return n.modes.Endpoints()
	}
	return nil
}
