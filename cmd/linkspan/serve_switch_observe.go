// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cnm/docker"
	"github.com/linkspan/linkspan/metrics"
)

// observe shows this switch on its page, until what it returns is called. It has
// joined and serves its plugin.
func (h *host) observe() (hide func()) {
	h.calls = metrics.PluginCalls()
	shown := []prometheus.Collector{h.calls, metrics.Switch{
		Fabric: h.fabric, Model: h.model, Bridge: h.ovs, Tunnel: h.tunnel, Restarts: h.restarts.Load,
		Storm: h.storm,
	}, metrics.Kept(h.keeper.Stats)}
	h.role.page.Register(shown...)
	h.role.probe.Is(h.ready)
	return func() { h.role.page.Unregister(shown...) }
}

// ready says whether containers can come and go here. Without a controller they
// cannot, but what runs goes on and nobody should restart this process for it:
// that is degraded.
func (h *host) ready(ctx context.Context) []metrics.Check {
	_, ovsdb := h.ovs.Ports(ctx)
	controller := metrics.Check{Part: "controller", State: metrics.Degraded, Found: "is away; running routes go on, new ones wait"}
	if connected, since := h.fabric.Ready(); connected {
		controller = metrics.Verdict("controller", nil, "is followed since "+since.UTC().Format("2006-01-02T15:04:05Z"))
	}
	checks := []metrics.Check{
		h.member(time.Now()),
		metrics.Verdict("ovsdb", ovsdb, "answers"),
		metrics.Verdict("bridge", h.ovs.Ask(ctx), "answers"),
	}
	if h.engine != nil {
		checks = append(checks, metrics.Verdict("plugin", docker.Ping(ctx, h.role.plugin), "answers at "+h.role.plugin))
	}
	return append(checks, controller)
}

// member says whether this host's certificate is still good.
func (h *host) member(now time.Time) metrics.Check {
	pair := h.own.Keeper.KeyPair()
	if ended := pair.Certificate().NotAfter; now.After(ended) {
		return metrics.Check{Part: "member", State: metrics.Failed, Found: "the certificate ended on " + ended.UTC().Format(time.RFC3339)}
	}
	return metrics.Verdict("member", nil, "as "+pair.Identity().Label())
}

// checkPlugin says whether dockerd finds this switch.
func (h *host) checkPlugin(ctx context.Context) *apiv1.Check {
	if h.engine == nil {
		return check("plugin", apiv1.Check_STATE_OK, "not needed without Docker", "")
	}
	return verdict("plugin", docker.Ping(ctx, h.role.plugin), "answers at "+h.role.plugin,
		"restart linkspan serve switch: it makes the socket that dockerd looks for anew")
}

// checkDrops says what the bridge has dropped.
func (h *host) checkDrops(ctx context.Context) *apiv1.Check {
	drops, err := metrics.ReadDrops(ctx, h.ovs)
	if err != nil {
		return verdict("drops", err, "", "are ovsdb-server and ovs-vswitchd running?")
	}
	return check("drops", apiv1.Check_STATE_OK, dropsText(drops, metrics.Owners(h.fabric.Endpoints())), "")
}

// dropsText lists what was dropped at all, in packets.
func dropsText(d metrics.Drops, owners map[uint32]string) string {
	var list []string
	for _, f := range d.Flows {
		if f.Packets > 0 {
			list = append(list, fmt.Sprintf("%d in table %s (%s)", f.Packets, f.Table, f.Reason))
		}
	}
	for _, m := range d.Meters {
		if m.Dropped > 0 {
			list = append(list, fmt.Sprintf("%d of %s on port %d (%s meter)", m.Dropped, owners[m.Port], m.Port, m.What))
		}
	}
	if len(list) == 0 {
		return "no packets dropped"
	}
	return "packets dropped: " + strings.Join(list, ", ")
}
