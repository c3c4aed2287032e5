// SPDX-License-Identifier: Apache-2.0

package metrics_test

import (
	"context"
	"log/slog"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/metrics"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/storm"
	"github.com/linkspan/linkspan/ovs/tunnel"
	"github.com/linkspan/linkspan/wire/openflow"
)

// newHub returns the hub of a fabric of two chassis where c1 has talked to c2
// and has asked for an address that nobody has.
func newHub(t *testing.T) *control.Hub {
	hub := control.New(control.Config{Log: slog.New(slog.DiscardHandler)})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		fabric := controltest.NewFabric(hub)
		hub.Update(view.PutNetwork(&linkspan.Network{ID: 1, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24"), Idle: time.Minute}))
		for id := linkspan.ChassisID(1); id <= 2; id++ {
			hub.Update(view.PutChassis(&linkspan.Chassis{ID: id, Name: "h", Underlay: netip.AddrFrom4([4]byte{192, 0, 2, byte(id)})}),
				view.PutEndpoint(&linkspan.Endpoint{Network: 1, Address: at(byte(id)).Address, Chassis: id, Port: 10, MAC: linkspan.MAC{2, 5: byte(id)}}))
			fabric.Connect(ctx, id)
		}
		synctest.Wait()
		fabric.Ping(at(1), at(2), 64)
		fabric.Ping(at(1), at(99), 64)
		synctest.Wait()
		cancel()
		fabric.Wait()
	})
	return hub
}

func at(last byte) view.Key {
	return view.Key{Network: 1, Address: netip.AddrFrom4([4]byte{10, 7, 0, last})}
}

// newHost returns the metrics of a switch that never changes: a container c1 at
// port 10, some drops.
func newHost() metrics.Switch {
	return metrics.Switch{Fabric: uplink{}, Model: records{}, Bridge: bridge{}, Tunnel: device{}, Storm: storms{}, Restarts: func() uint64 { return 4 }}
}

type uplink struct{}

func (uplink) Ready() (bool, time.Time) { return true, time.Time{} }

func (uplink) Endpoints() []linkspan.Endpoint {
	return []linkspan.Endpoint{{Container: "c1", Port: 10}, {Container: "reserved"}}
}

type records struct{}

func (records) Networks() []cnm.Network { return make([]cnm.Network, 2) }

func (records) Endpoints() []cnm.Endpoint { return make([]cnm.Endpoint, 1) }

type device struct{}

func (device) Peers(context.Context) ([]tunnel.Peer, error) { return make([]tunnel.Peer, 1), nil }

func (device) Dropped(context.Context) (uint64, error) { return 6, nil }

// storms is one flood of c1.
type storms struct{}

func (storms) Report() storm.Report {
	c1 := storm.Port{Number: 10, Container: "c1"}
	return storm.Report{
		Fenced: 1, Floods: []storm.State{{Port: c1, Kind: storm.IPv4}}, Held: []storm.Holding{{Port: c1, Held: storm.Held{ARP: 2, IPv4: 70}}},
	}
}

// bridge answers with one meter and two flows that drop.
type bridge struct{ err error }

func (b bridge) Ports(context.Context) ([]ovs.PortStatus, error) {
	return make([]ovs.PortStatus, 2), b.err
}

func (b bridge) Ask(_ context.Context, questions ...ovs.Question) error {
	meter := openflow.MeterStats{MeterID: 10, Packets: 100, Bands: []openflow.BandStats{{Packets: 40}}}
	foreign := openflow.MeterStats{MeterID: 1 << 30, Packets: 9}
	cookie := func(k pipeline.Kind) uint64 { return uint64(pipeline.NewCookie(k, 1, 1)) }
	flows := []openflow.FlowStats{
		{TableID: 5, Packets: 8, Cookie: cookie(pipeline.KindChassis)},
		{TableID: 30, Priority: 400, Packets: 2, Cookie: cookie(pipeline.KindDeny)},
		{TableID: 30, Priority: 400, Packets: 3, Cookie: cookie(pipeline.KindDeny)},
	}
	for _, q := range questions {
		var body []byte
		switch r := q.Request.(type) {
		case *openflow.MeterRequest:
			body = foreign.AppendBody(meter.AppendBody(nil))
		case *openflow.FlowRequest:
			for i := range flows {
				if flows[i].Cookie&r.CookieMask == r.Cookie {
					body = flows[i].AppendBody(body)
				}
			}
		}
		if err := q.Each(body); err != nil {
			return err
		}
	}
	return b.err
}

// value is that of the metric with the labels, given as name and value by
// turns; ok is false when there is none.
func value(families map[string]*dto.MetricFamily, name string, labels ...string) (v float64, ok bool) {
	for _, m := range families[name].GetMetric() {
		have := map[string]string{}
		for _, l := range m.GetLabel() {
			have[l.GetName()] = l.GetValue()
		}
		same := true
		for i := 0; i < len(labels); i += 2 {
			same = same && have[labels[i]] == labels[i+1]
		}
		if same {
			return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount()), true
		}
	}
	return 0, false
}

func TestValuesAreThoseOfTheParts(t *testing.T) {
	families := scrape(t, full(t))
	for _, want := range []struct {
		name   string
		labels []string
		value  float64
	}{
		{"linkspan_controller_packet_ins_total", nil, 2},
		{"linkspan_controller_decisions_total", []string{"result", "allowed"}, 1},
		{"linkspan_controller_decisions_total", []string{"result", "denied"}, 1},
		{"linkspan_controller_plugs_total", []string{"scope", "remote"}, 1},
		{"linkspan_controller_remote_plug_seconds", nil, 1},
		{"linkspan_controller_endpoints", nil, 2},
		{"linkspan_controller_chassis", nil, 2},
		{"linkspan_controller_sessions", nil, 0},
		{"linkspan_controller_store_revision", nil, 7},
		{"linkspan_controller_flow_log_lines_total", []string{"result", "lost"}, 2},
		{"linkspan_switch_controller_connected", nil, 1},
		{"linkspan_switch_relay_restarts_total", nil, 4},
		{"linkspan_switch_tunnel_foreign_packets_total", nil, 6},
		{"linkspan_switch_meter_packets_total", []string{"port", "10", "container", "c1", "meter", "punt"}, 100},
		{"linkspan_switch_meter_dropped_packets_total", []string{"port", "10", "container", "c1", "meter", "punt"}, 40},
		{"linkspan_switch_dropped_packets_total", []string{"table", "guard", "reason", "miss"}, 8},
		{"linkspan_switch_floods", []string{"port", "10", "container", "c1", "kind", "ipv4"}, 1},
		{"linkspan_switch_held_packets_total", []string{"port", "10", "container", "c1", "kind", "ipv4"}, 70},
		{"linkspan_switch_held_packets_total", []string{"port", "10", "container", "c1", "kind", "arp"}, 2},
		{"linkspan_switch_denials", []string{"table", "route"}, 2},
		{"linkspan_switch_denied_packets", []string{"table", "route"}, 5},
	} {
		if got, ok := value(families, want.name, want.labels...); !ok || got != want.value {
			t.Errorf("%s%v is %v (%v), want %v", want.name, want.labels, got, ok, want.value)
		}
	}
}

// Open vSwitch that is away takes its own metrics away and no others.
func TestScrapeGoesOnWithoutOpenVSwitch(t *testing.T) {
	s := newHost()
	s.Bridge = bridge{err: &linkspan.Error{Code: linkspan.Unavailable, Message: "away"}}
	page := metrics.NewPage("test")
	page.Register(s)
	families := scrape(t, page)
	if up, ok := value(families, "linkspan_switch_open_vswitch_up"); !ok || up != 0 {
		t.Error("Open vSwitch is said to be up")
	}
	if _, ok := value(families, "linkspan_switch_ports"); ok {
		t.Error("ports are counted all the same")
	}
	if n, _ := value(families, "linkspan_switch_networks"); n != 2 {
		t.Errorf("%v networks", n)
	}
}
