// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/driver/hotplug"
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
	n.modes.Join(mode.Link{Fabric: h.fabric, Bridge: h.role.bridge, Numbers: numbers})
	return n.modes.Leave
}

// stations are those hosts, as this switch wants them stored.
func (h *host) stations() []linkspan.Endpoint {
	if n := h.role.nos.Load(); n != nil {
		return n.modes.Endpoints()
	}
	return nil
}
