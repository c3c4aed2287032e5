// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/fabric"
	"github.com/linkspan/linkspan/ovs/storm"
	"github.com/linkspan/linkspan/ovs/tunnel"
)

// collectLimit is how long Open vSwitch and the kernel may take to answer a
// scrape.
const collectLimit = 3 * time.Second

// Fabric is what is read of a switch's view of the fabric; see [fabric.Fabric].
type Fabric interface {
	Ready() (connected bool, since time.Time)
	Endpoints() []linkspan.Endpoint
}

// Model is what is read of the container network model; see [cnm.Controller].
type Model interface {
	Networks() []cnm.Network
	Endpoints() []cnm.Endpoint
}

// Tunnel is what is read of the tunnel; see [tunnel.Tunnel].
type Tunnel interface {
	Peers(ctx context.Context) ([]tunnel.Peer, error)
	Dropped(ctx context.Context) (uint64, error)
}

// Storm is what is read of storm control; see [storm.Watch].
type Storm interface {
	Report() storm.Report
}

var (
	_ Fabric = (*fabric.Fabric)(nil)
	_ Model  = (*cnm.Controller)(nil)
	_ Tunnel = (*tunnel.Tunnel)(nil)
	_ Storm  = (*storm.Watch)(nil)
)

// Switch collects the metrics of a switch. All fields are needed.
type Switch struct {
	Fabric   Fabric
	Model    Model
	Bridge   Bridge
	Tunnel   Tunnel
	Storm    Storm
	Restarts func() uint64 // of the OpenFlow relay
}

var _ prometheus.Collector = Switch{}

// The families of a switch.
var (
	connected    = newGauge("linkspan_switch_controller_connected", "1 while the switch follows a controller, 0 while none is there; running routes go on without.")
	restarts     = newCounter("linkspan_switch_relay_restarts_total", "How often the OpenFlow connection between bridge and controller ended and was tried again.")
	hostNetworks = newGauge("linkspan_switch_networks", "Docker networks of ours on this host.")
	hostEnds     = newGauge("linkspan_switch_endpoints", "Endpoints of containers on this host.")
	answers      = newGauge("linkspan_switch_open_vswitch_up", "1 when Open vSwitch answered this scrape, 0 when its metrics are missing from it.")
	ports        = newGauge("linkspan_switch_ports", "Ports of the bridge, the tunnel's included.")
	peers        = newGauge("linkspan_switch_tunnel_peers", "Other switches that this one exchanges packets with.")
	strangers    = newCounter("linkspan_switch_tunnel_foreign_packets_total", "Packets to the tunnel's port dropped because they came from no peer.")
	metered      = newCounter("linkspan_switch_meter_packets_total", "Packets of a port that came to its meter for the controller (punt) or for the ARP responder (arp).", "port", "container", "meter")
	over         = newCounter("linkspan_switch_meter_dropped_packets_total", "Packets of a port that its meter dropped, being over its limit.", "port", "container", "meter")
	dropped      = newCounter("linkspan_switch_dropped_packets_total", "Packets dropped by a table: by its last flow (miss; in table guard: not the endpoint's own addresses), for a VLAN tag, an expired time to live, or as of no connection (invalid).", "table", "reason")
	denials      = newGauge("linkspan_switch_denials", "Denials in force; each lasts some seconds.", "table")
	floods       = newGauge("linkspan_switch_floods", "1 while a container floods and is limited, in packets of kind arp, ipv4 or other.", "port", "container", "kind")
	held         = newCounter("linkspan_switch_held_packets_total", "Packets that storm control kept in a container that floods.", "port", "container", "kind")
	deniedNow    = newGauge("linkspan_switch_denied_packets", "Packets dropped so far by the denials in force.", "table")
)

// Describe implements prometheus.Collector.
func (s Switch) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range []family{
		connected, restarts, hostNetworks, hostEnds, answers, ports, peers, strangers, metered, over, dropped, denials, deniedNow,
		floods, held,
	} {
		ch <- f.desc
	}
}

// Collect implements prometheus.Collector. What does not answer is missing.
func (s Switch) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), collectLimit)
	defer cancel()
	on, _ := s.Fabric.Ready()
	send(ch, connected, truth(on))
	send(ch, restarts, s.Restarts())
	send(ch, hostNetworks, len(s.Model.Networks()))
	send(ch, hostEnds, len(s.Model.Endpoints()))
	s.storm(ch)
	send(ch, answers, truth(s.bridge(ctx, ch) == nil))
	if list, err := s.Tunnel.Peers(ctx); err == nil {
		send(ch, peers, len(list))
	}
	if n, err := s.Tunnel.Dropped(ctx); err == nil {
		send(ch, strangers, n)
	}
}

// bridge sends what Open vSwitch knows, all or nothing.
func (s Switch) bridge(ctx context.Context, ch chan<- prometheus.Metric) error {
	list, err := s.Bridge.Ports(ctx)
	if err != nil {
		return err
	}
	drops, err := ReadDrops(ctx, s.Bridge)
	if err != nil {
		return err
	}
	send(ch, ports, len(list))
	owners := Owners(s.Fabric.Endpoints())
	for _, m := range drops.Meters {
		port := portLabel(m.Port)
		send(ch, metered, m.Packets, port, owners[m.Port], m.What)
		send(ch, over, m.Dropped, port, owners[m.Port], m.What)
	}
	for _, f := range drops.Flows {
		if f.Denied() {
			send(ch, denials, f.Flows, f.Table)
			send(ch, deniedNow, f.Packets, f.Table)
			continue
		}
		send(ch, dropped, f.Packets, f.Table, f.Reason)
	}
	return nil
}

// stormKinds are the kinds of floods as they are labelled.
var stormKinds = map[storm.Kind]string{storm.ARP: "arp", storm.IPv4: "ipv4", storm.Other: "other"}

func (s Switch) storm(ch chan<- prometheus.Metric) {
	r := s.Storm.Report()
	for _, f := range r.Floods {
		send(ch, floods, 1, portLabel(f.Port.Number), f.Port.Container, stormKinds[f.Kind])
	}
	for _, h := range r.Held {
		port := portLabel(h.Port.Number)
		send(ch, held, h.ARP, port, h.Port.Container, stormKinds[storm.ARP])
		send(ch, held, h.IPv4, port, h.Port.Container, stormKinds[storm.IPv4])
		send(ch, held, h.Other, port, h.Port.Container, stormKinds[storm.Other])
	}
}

func portLabel(number uint32) string { return strconv.FormatUint(uint64(number), 10) }

// Owners returns what is behind each port: a container's name, or "tunnel" or "direct".
func Owners(endpoints []linkspan.Endpoint) map[uint32]string {
	names := map[uint32]string{linkspan.TunnelPort: "tunnel", linkspan.DirectPort: "direct", linkspan.GatewayPort: "gateway", linkspan.BridgePort: "bridges"}
	for i := range endpoints {
		if e := &endpoints[i]; e.Attached() {
			names[e.Port] = e.Container
		}
	}
	return names
}
