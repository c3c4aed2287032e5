// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cnm/driver/gateway"
	"github.com/linkspan/linkspan/cnm/driver/hotplug"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/fastpath"
	"github.com/linkspan/linkspan/ovs/netns"
)

// gatewayOff is the setting of a host whose containers have no way out.
const gatewayOff = "off"

// gatewayPort is the way between containers and the host's stack, or why there is none.
type gatewayPort struct {
	gateway *gateway.Gateway
	why     error // nil when there is one, or none is wanted
}

// checkGateway refuses a range that cannot be meant.
func (s *switchRole) checkGateway() error {
	if s.gatewayRange == gatewayOff {
		return nil
	}
	_, _, err := s.gatewayRanges()
	return err
}

// gatewayRanges returns what stands for containers in the host's stack; that of IPv6 is
// the zero Prefix where none is wanted.
func (s *switchRole) gatewayRanges() (own, own6 netip.Prefix, err error) {
	if own, err = gateway.ParseRange(s.gatewayRange); err == nil && s.gatewayRange6 != gatewayOff {
		own6, err = gateway.ParseRange6(s.gatewayRange6)
	}
	return own, own6, err
}

// prepareGateway makes the gateway and its port, or removes them. A range that was
// chosen and cannot be is an error; with the default one the host is a switch without
// a way out, or without one for IPv6.
func (h *host) prepareGateway(ctx context.Context) error {
	s := h.role
	if s.gatewayRange == gatewayOff {
		return h.removeGateway(ctx)
	}
	own, own6, err := s.gatewayRanges()
	if err != nil {
		return err
	}
	cfg := gateway.Config{Range: own, Range6: own6, Chosen6: own6 != gateway.DefaultRange6(), MTU: h.tunnel.MTU(), LinkMTU: h.direct.mtu(), Log: s.log}
	if h.fast.Path == fastpath.Kernel {
		cfg.Offload = netns.OffloadAll
	}
	h.gateway.gateway, h.gateway.why = gateway.Open(ctx, cfg)
	if err := h.gateway.why; err != nil {
		if own != gateway.DefaultRange() || own6.IsValid() && own6 != gateway.DefaultRange6() {
			return err
		}
		s.log.Warn("no way out of networks on this host", "reason", err, "hint", linkspan.HintOf(err))
		return h.removeGateway(ctx)
	}
	if err := h.gateway.gateway.Without6(); err != nil {
		s.log.Warn("no way out of networks for IPv6 on this host", "reason", err, "hint", linkspan.HintOf(err))
	}
	return h.ovs.AddPort(ctx, ovs.Port{Name: gateway.Port, OFPort: linkspan.GatewayPort})
}

func (h *host) removeGateway(ctx context.Context) error {
	if err := h.ovs.DelPort(ctx, gateway.Port); err != nil {
		return err
	}
	return gateway.Remove(ctx)
}

// forDriver returns the gateway as the driver knows it.
func (g *gatewayPort) forDriver() hotplug.Gateway {
	if g.gateway == nil {
		return nil
	}
	return g.gateway
}

func (g *gatewayPort) close() {
	if g.gateway != nil {
		g.gateway.Close()
	}
}

// checkGateway says what there is of a way out.
func (h *host) checkGateway() *apiv1.Check {
	switch {
	case h.gateway.why != nil:
		return check("gateway", apiv1.Check_STATE_WARNING, "none, containers have no way out: "+h.gateway.why.Error(), linkspan.HintOf(h.gateway.why))
	case h.gateway.gateway == nil:
		return check("gateway", apiv1.Check_STATE_OK, "none is wanted on this host", "")
	}
	own, published := h.gateway.gateway.State()
	var texts []string
	for _, p := range own {
		texts = append(texts, p.String())
	}
	text := fmt.Sprintf("%s, containers stand in the host's stack as addresses of %s, %d published ports", gateway.Port, strings.Join(texts, " and "), published)
	if err := h.gateway.gateway.Without6(); err != nil {
		return check("gateway", apiv1.Check_STATE_WARNING, text+"; IPv6 has no way out: "+err.Error(), linkspan.HintOf(err))
	}
	return check("gateway", apiv1.Check_STATE_OK, text, "")
}
