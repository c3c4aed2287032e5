// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/linkspan/linkspan/cnm/driver/across"
	"github.com/linkspan/linkspan/ovs/fastpath"
	"github.com/linkspan/linkspan/ovs/netns"
)

// across returns what leads routes from this host's bridges to other networks.
func (h *host) across() *across.Keeper {
	cfg := across.Config{MTU: h.tunnel.MTU(), LinkMTU: max(h.direct.mtu(), h.tunnel.MTU()), Offload: h.fast.Offload}
	if h.fast.Path == fastpath.Kernel {
		cfg.Offload = netns.OffloadAll
	}
	return &across.Keeper{Config: cfg, Ports: h.ovs, Bridges: h.local, Fabric: h.fabric, Log: h.role.log}
}
