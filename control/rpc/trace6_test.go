// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// dual makes a network of both families.
func (h *house) dual(name, subnet, subnet6 string) linkspan.NetworkID {
	h.t.Helper()
	r, err := h.local().Networks.Create(h.t.Context(), connect.NewRequest(&apiv1.NetworkServiceCreateRequest{
		Network: &apiv1.Network{Name: name, Subnet: subnet, Subnet6: subnet6},
	}))
	h.must(err)
	id := linkspan.NetworkID(r.Msg.GetNetwork().GetId())
	h.eventually("network "+name+" is in the view", func() bool { return h.hub.View().Network(id) != nil })
	return id
}

// runDual reserves two addresses and attaches a container, and returns them.
func (c host) runDual(t *testing.T, network linkspan.NetworkID, container string, port uint32) (four, six string) {
	t.Helper()
	var err error
	if four, err = c.reserve(t.Context(), network, "", container); err == nil {
		six, err = c.reserve(t.Context(), network, "::", container)
	}
	if err == nil {
		err = c.attach(t.Context(), &apiv1.Endpoint{
			Network: uint32(network), Address: four, Address6: six, Mac: "02:42:0a:06:00:02", Port: port, Container: container, Id: "e1d2c3" + container,
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return four, six
}

// TestTraceByIPv6: an address of IPv6 at one end, or its ICMP, means that of the other,
// and packets of IPv6 can be injected.
func TestTraceByIPv6(t *testing.T) {
	h := build(t)
	h1, h2 := h.join("h1"), h.join("h2")
	six := h.dual("six", "10.6.0.0/24", "fd00:6::/64")
	h1.run(t, six, "four", 11)
	h2.runDual(t, six, "a", 12)
	b4, b6 := h2.runDual(t, six, "b", 13)
	for _, c := range []struct{ to, ports, means, asked string }{
		{"b", "icmp6", b6, "ipv6-icmp/128"}, {b6, "", b6, "ipv6-icmp/128"}, {b6, "icmp", b6, "ipv6-icmp/128"}, {b6, "tcp/80", b6, "tcp/80"},
		{"b", "", b4, "icmp/8"}, {"2001:db8::9", "", "2001:db8::9", "ipv6-icmp/128"}, {"192.0.2.9", "", "192.0.2.9", "icmp/8"},
	} {
		var m *apiv1.TraceServiceExplainResponse
		h.eventually("a and "+c.to+" may talk", func() bool {
			var err error
			m, err = explained(t.Context(), h.local(), "a", c.to, c.ports)
			return err == nil && m.GetVerdict().GetVerdict() == "allowed"
		})
		if m.GetTo().GetAddress() != c.means || m.GetPorts() != c.asked {
			t.Errorf("to %s %s: %s %s, want %s %s", c.to, c.ports, m.GetTo().GetAddress(), m.GetPorts(), c.means, c.asked)
		}
		says(t, probed(h, "a", c.to, c.ports), linkspan.Unavailable, "switch h2 is away") // and nothing else is in the way
	}
	for _, c := range []struct{ from, to, ports, why string }{
		{"four", b6, "tcp/80", "no packet leads from one family to the other"}, {"a", "192.0.2.9", "icmp6", "no packet leads from one family to the other"},
		{"a", b6, "icmp/8", "no system sends icmp from fd00:6::"}, {"a", "2001:db8::9", "icmp/13", "no system sends icmp from fd00:6::"},
		{"a", "fd00:6::1", "", "the switch answers echo requests"},
	} {
		says(t, probed(h, c.from, c.to, c.ports), linkspan.Invalid, c.why)
	}
}

// TestTraceOfTwoFamilies: no switch is asked for flows of both, of which there are none.
func TestTraceOfTwoFamilies(t *testing.T) {
	h := build(t)
	six := h.dual("six", "10.6.0.0/24", "fd00:6::/64")
	four, _ := h.join("h1").runDual(t, six, "a", 11)
	_, b6 := h.join("h2").runDual(t, six, "b", 12)
	var m *apiv1.TraceServiceExplainResponse
	h.eventually("both are in the view", func() (ok bool) {
		var err error
		m, err = explained(t.Context(), h.local(), b6, four, "tcp/80")
		return err == nil && m.GetFrom().GetName() != "" && m.GetTo().GetName() != ""
	})
	if m.GetVerdict().GetVerdict() != "denied" || len(m.GetHops()) != 4 {
		t.Errorf("got %v", m)
	}
	for _, hop := range m.GetHops() {
		if hop.GetKind() == "switch" && (hop.GetMissing() || hop.GetDetail() != "no flow leads from one family to the other") {
			t.Errorf("%s: missing %v, %s", hop.GetName(), hop.GetMissing(), hop.GetDetail())
		}
	}
}

// probed asks for a packet to be injected, and returns why none is.
func probed(h *house, from, to, ports string) error {
	_, err := h.local().Traces.Probe(h.t.Context(), connect.NewRequest(&apiv1.TraceServiceProbeRequest{
		Question: &apiv1.TraceQuestion{From: from, To: to, Ports: ports},
	}))
	return api.FromRPC(err)
}
