// SPDX-License-Identifier: Apache-2.0

package control

import (
	"log/slog"
	"testing"

	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

// trackingHub is a busyHub all of whose pairs are tracked, by one port each.
func trackingHub(n int) *datapath {
	hub, d := busyHub(n)
	hub.cfg.Log = slog.New(slog.DiscardHandler)
	hub.cfg.Decide = func(v *view.View, p *decide.Packet, dec *decide.Decision) {
		decide.Decide(v, p, dec)
		protocol, port := p.Key()
		dec.Track(p, decide.BlockOf(protocol, port, 16))
	}
	return d
}

// trackedIn is a packetIn from the table of tracked pairs: the first packet of a
// connection, or a reply in one.
func trackedIn(from, to int, reply bool) openflow.Message {
	var in openflow.PacketIn
	if err := in.Decode(packetIn(from, to)); err != nil {
		panic(err)
	}
	state := openflow.CTTracked | openflow.CTNew
	if reply {
		state = openflow.CTTracked | openflow.CTEstablished | openflow.CTReply
	}
	var m openflow.Match
	for o := range in.Match.All() {
		m.Add(o)
	}
	m.Uint(openflow.FieldCTState, uint64(state)).CTZone(9).CTProto(17).CTPortSrc(1000, 0xffff).CTPortDst(2000, 0xffff)
	in.TableID, in.Match = 31, m.View()
	return in.Append(nil, 0)
}

// TestProtocolZeroIsNoClass: a packet of IP protocol 0 plugs nothing, as the class of
// that number is all.
func TestProtocolZeroIsNoClass(t *testing.T) {
	d := trackingHub(1000)
	var in openflow.PacketIn
	if err := in.Decode(packetIn(3, 500)); err != nil {
		t.Fatal(err)
	}
	const protocolAt = 14 + 9
	in.Data[protocolAt] = 0
	if n := handle(d, in.Append(nil, 0)); n != 0 || d.hub.counters.Ignored.Load() != 1 {
		t.Errorf("answered with %d bytes, ignored %d", n, d.hub.counters.Ignored.Load())
	}
}

func TestTrackedPathAllocatesNothing(t *testing.T) {
	d := trackingHub(1000)
	for name, m := range map[string]openflow.Message{
		"not looked at": packetIn(3, 500), "opens": trackedIn(3, 500, false), "replies": trackedIn(3, 500, true),
	} {
		if handle(d, m) == 0 {
			t.Fatalf("%s: no answer", name)
		}
		if n := testing.AllocsPerRun(1000, func() { handle(d, m) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// BenchmarkPacketInTracked is BenchmarkPacketIn where the answer is five FlowMods and a
// PacketOut.
func BenchmarkPacketInTracked(b *testing.B) {
	const n = 10_000
	d := trackingHub(n)
	var ms []openflow.Message
	for i := range 64 {
		ms = append(ms, trackedIn(i*n/64, (i*n/64+n/2)%n, false))
	}
	b.ReportAllocs()
	before := cpuTime()
	i := 0
	for b.Loop() {
		handle(d, ms[i%64])
		i++
	}
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
}
