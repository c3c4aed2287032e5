// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	of "github.com/linkspan/linkspan/wire/openflow"
	"github.com/linkspan/linkspan/wire/packet"
)

// flowLine renders what was installed, without counters and times.
func flowLine(f *of.FlowStats) string {
	_, text, _ := strings.Cut(f.String(), "priority=")
	return fmt.Sprintf("table=%d priority=%s", f.TableID, text)
}

// TestLive holds the codec against a real switch: each part opens its own
// connection to the same bridge.
func TestLive(t *testing.T) {
	v := newVswitch(t)
	for _, part := range []struct {
		name string
		test func(*testing.T, *vswitch)
	}{
		{"handshake", liveHandshake}, {"flows", liveFlows}, {"bundle", liveBundle}, {"meters", liveMeters},
		{"packets", livePackets}, {"conntrack", liveConntrack}, {"roles", liveRoles}, {"refusals", liveRefusals},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, v) })
	}
}

func liveHandshake(t *testing.T, v *vswitch) {
	c := v.dial(t)
	var features of.FeaturesReply
	if err := features.Decode(c.ask(&of.FeaturesRequest{})); err != nil || features.DatapathID == 0 || features.Tables == 0 {
		t.Errorf("features %+v, %v", features, err)
	}
	var echo of.EchoReply
	if err := echo.Decode(c.ask(&of.EchoRequest{Data: []byte("hi")})); err != nil || string(echo.Data) != "hi" {
		t.Errorf("echo %q, %v", echo.Data, err)
	}
	c.send(&of.Config{MissSendLen: of.MaxLenNoBuffer})
	var config of.Config
	if err := config.Decode(c.ask(&of.GetConfigRequest{})); err != nil || config.MissSendLen != of.MaxLenNoBuffer {
		t.Errorf("config %+v, %v", config, err)
	}
	want := of.Async{PacketIn: [2]uint32{7, 0}, PortStatus: [2]uint32{7, 7}, FlowRemoved: [2]uint32{15, 0}}
	c.send(&want)
	var async of.Async
	if err := async.Decode(c.ask(&of.GetAsyncRequest{})); err != nil || async != want {
		t.Errorf("async %+v, %v", async, err)
	}
	var mp of.Multipart
	var desc of.Desc
	if err := mp.DecodeReply(c.ask(&of.DescRequest{})); err != nil || desc.DecodeBody(mp.Body) != nil || desc.Hardware != "Open vSwitch" {
		t.Errorf("description %+v, %v", desc, err)
	}
	if err := mp.DecodeReply(c.ask(&of.PortDescRequest{})); err != nil {
		t.Fatal(err)
	}
	var port of.Port
	if rest, err := port.Next(mp.Body); err != nil || len(rest) != 0 || port.Name() != "br0" || port.Number != of.PortLocal {
		t.Errorf("port %v %q, %v", port.Number, port.Name(), err)
	}
}

// addMeter makes the meter that the flows name.
func addMeter(c *channel) {
	c.send(&of.MeterMod{Command: of.MeterDelete, MeterID: of.MeterAll})
	c.send(&of.MeterMod{MeterID: 11, Flags: of.MeterInPktps | of.MeterWithBurst | of.MeterWithStats,
		Bands: []of.MeterBand{{Type: of.MeterDrop, Rate: 200, Burst: 50}}})
	c.barrier()
}

// clear deletes all flows.
func clear(c *channel) {
	c.send(&of.FlowMod{Command: of.FlowDelete, TableID: of.TableAll})
	c.barrier()
}

func liveFlows(t *testing.T, v *vswitch) {
	c := v.dial(t)
	clear(c)
	addMeter(c)
	for _, f := range flowCases() {
		c.send(f.mod())
	}
	c.barrier()
	got := c.flows(of.FlowRequest{TableID: of.TableAll})
	for _, f := range flowCases() {
		if line := fmt.Sprintf("table=%d %s", f.table, f.want); got[line].Priority == 0 {
			t.Errorf("%s: not among the flows: %s", f.name, line)
		}
	}
	if len(got) != len(flowCases()) {
		for line := range got {
			t.Log(line)
		}
		t.Errorf("%d flows, want %d", len(got), len(flowCases()))
	}
	var mp of.Multipart
	var sum of.AggregateStats
	if err := mp.DecodeReply(c.ask(&of.FlowRequest{TableID: of.TableAll, Aggregate: true})); err != nil || sum.DecodeBody(mp.Body) != nil || int(sum.Flows) != len(got) {
		t.Errorf("sum %+v, %v", sum, err)
	}
	c.send(&of.Config{MissSendLen: of.MaxLenNoBuffer}) // unmutes the connection
	liveDelete(t, c)
}

// liveDelete removes a flow by its cookie and hears of it.
func liveDelete(t *testing.T, c *channel) {
	clear(c)
	c.send(&of.FlowMod{Cookie: 0x105, Priority: 7, Flags: of.FlowSendRemoved, Match: sampleMatch()})
	c.send(&of.FlowMod{Cookie: 0x205, Priority: 8, Match: sampleMatch()})
	c.barrier()
	if n := len(c.flows(of.FlowRequest{TableID: of.TableAll, Cookie: 0x100, CookieMask: 0xff00})); n != 1 {
		t.Errorf("%d flows with the cookie", n)
	}
	c.send(&of.FlowMod{Command: of.FlowDelete, TableID: of.TableAll, Cookie: 0x100, CookieMask: 0xff00})
	var gone of.FlowRemoved
	c.await("flow removed", func(m of.Message) bool { return gone.Decode(m) == nil })
	if reg, _ := gone.Match.Uint(of.Reg(1)); gone.Cookie != 0x105 || gone.Reason != of.RemovedDelete || gone.Match.InPort() != 11 || reg != 11 {
		t.Errorf("removed %+v", gone)
	}
	c.barrier()
	if n := len(c.flows(of.FlowRequest{TableID: of.TableAll})); n != 1 {
		t.Errorf("%d flows left", n)
	}
}

func liveBundle(t *testing.T, v *vswitch) {
	c := v.dial(t)
	clear(c)
	addMeter(c)
	const flags = of.BundleAtomic | of.BundleOrdered
	control := func(cmd of.BundleCommand) {
		t.Helper()
		var reply of.BundleControl
		if err := reply.Decode(c.ask(&of.BundleControl{BundleID: 7, Command: cmd, Flags: flags})); err != nil || reply.Command != cmd+1 {
			t.Fatalf("%v: %+v, %v", cmd, reply, err)
		}
	}
	control(of.BundleOpen)
	var b []byte
	for _, f := range flowCases() {
		c.xid++
		b = of.AppendBundleAdd(b, c.xid, 7, flags, f.mod())
	}
	c.write(b)
	if n := len(c.flows(of.FlowRequest{TableID: of.TableAll})); n != 0 {
		t.Errorf("%d flows before the commit", n)
	}
	control(of.BundleClose)
	control(of.BundleCommit)
	if n := len(c.flows(of.FlowRequest{TableID: of.TableAll})); n != len(flowCases()) {
		t.Errorf("%d flows after the commit", n)
	}
	control(of.BundleOpen)
	control(of.BundleDiscard)
}

func liveMeters(t *testing.T, v *vswitch) {
	c := v.dial(t)
	addMeter(c)
	var mp of.Multipart
	var stats of.MeterStats
	if err := mp.DecodeReply(c.ask(&of.MeterRequest{MeterID: 11})); err != nil {
		t.Fatal(err)
	}
	if _, err := stats.Next(mp.Body); err != nil || stats.MeterID != 11 || len(stats.Bands) != 1 {
		t.Errorf("counters %+v, %v", stats, err)
	}
	var config of.MeterConfig
	if err := mp.DecodeReply(c.ask(&of.MeterRequest{MeterID: of.MeterAll, Config: true})); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Next(mp.Body); err != nil || len(config.Bands) != 1 || config.Bands[0] != (of.MeterBand{Type: of.MeterDrop, Rate: 200, Burst: 50}) {
		t.Errorf("configuration %+v, %v", config, err)
	}
	again := c.refused(&of.MeterMod{MeterID: 11, Flags: of.MeterInPktps, Bands: config.Bands})
	if again.Type != of.ErrorMeterModFailed || again.Code != of.CodeMeterExists {
		t.Errorf("a second meter 11: %v", again)
	}
}

// livePackets sends a packet through the tables and gets it back twice.
func livePackets(t *testing.T, v *vswitch) {
	c := v.dial(t)
	clear(c)
	c.send(&of.SetControllerID{ID: 7})
	c.send(&of.Config{MissSendLen: of.MaxLenNoBuffer})
	c.send(&of.Async{PacketIn: [2]uint32{7, 0}})
	c.send(&of.FlowMod{Instructions: apply(acts().Load(of.Reg(0).All(), 10)).GotoTable(1)})
	var ip4 of.Match
	ip4.Reg(0, 10).EthType(0x800).IPTTL(1)
	c.send(&of.FlowMod{TableID: 1, Cookie: 9, Priority: 2, Match: ip4.View(), Instructions: apply(acts().
		Controller(&of.Controller{MaxLen: 40, ID: 7, Reason: of.ReasonInvalidTTL}))})
	var rest of.Match
	c.send(&of.FlowMod{TableID: 1, Cookie: 8, Priority: 1, Match: rest.EthType(0x800).View(), Instructions: apply(acts().
		DecTTLIDs(7).Controller(&of.Controller{MaxLen: of.MaxLenNoBuffer, ID: 7, Reason: of.ReasonAction}))})
	c.barrier()
	for _, want := range []struct {
		ttl    uint8
		cookie uint64
		reason of.PacketInReason
		asked  int
	}{{1, 9, of.ReasonInvalidTTL, 40}, {9, 8, of.ReasonAction, 1 << 16}} {
		sent := packet.AppendUDP(nil, &packet.Head{EthSrc: c1, EthDst: router, Src: ip("10.1.0.11"), Dst: ip("10.1.0.12"), TTL: want.ttl}, 7, 8, make([]byte, 50))
		c.send(&of.PacketOut{InPort: of.PortLocal, Actions: acts().Output(of.PortTable, 0), Data: sent})
		var in of.PacketIn
		c.await("the packet", func(m of.Message) bool { return in.Decode(m) == nil })
		reg, _ := in.Match.Uint(of.Reg(0))
		if in.Reason != want.reason || in.Cookie != want.cookie || in.TableID != 1 || reg != 10 || in.Match.InPort() != of.PortLocal || int(in.TotalLen) != len(sent) || in.BufferID != of.NoBuffer {
			t.Errorf("ttl %d: %+v, reg0 %d, port %d", want.ttl, in, reg, in.Match.InPort())
		}
		var p packet.Packet
		// A switch that keeps no packets may send more than was asked for.
		if err := packet.Parse(in.Data, &p); err != nil && len(in.Data) > 42 || len(in.Data) < min(want.asked, len(sent)) || !bytes.Equal(in.Data[:22], sent[:22]) {
			t.Errorf("ttl %d: %v, %x", want.ttl, err, in.Data)
		}
		if want.ttl > 1 && (p.TTL() != want.ttl-1 || !p.ChecksumOK()) {
			t.Errorf("ttl %d became %d, checksum %v", want.ttl, p.TTL(), p.ChecksumOK())
		}
	}
}

// liveConntrack commits a connection in two zones and flushes one of them.
func liveConntrack(t *testing.T, v *vswitch) {
	c := v.dial(t)
	clear(c)
	var m of.Match
	c.send(&of.FlowMod{Match: m.EthType(0x800).View(), Instructions: apply(acts().
		CT(&of.CT{Flags: of.CTCommit, Zone: 10, Table: of.NoTable, Actions: acts().SetUint(of.FieldCTMark, 5)}).
		CT(&of.CT{Flags: of.CTCommit, Zone: 20, Table: of.NoTable}))})
	c.barrier()
	frame := packet.AppendUDP(nil, &packet.Head{EthSrc: c1, EthDst: router, Src: ip("10.1.0.11"), Dst: ip("10.1.0.12")}, 7000, 7001, nil)
	c.send(&of.PacketOut{InPort: of.PortLocal, Actions: acts().Output(of.PortTable, 0), Data: frame})
	c.barrier()
	before := v.conntrack(t)
	if !strings.Contains(before, "zone=10") || !strings.Contains(before, "zone=20") || !strings.Contains(before, "mark=5") {
		t.Fatalf("connections: %s", before)
	}
	other := of.CTFlush{Proto: 17, Zone: 10, HasZone: true, Orig: of.CTTuple{Src: ip("10.1.0.99")}}
	c.send(&other)
	c.barrier()
	if got := v.conntrack(t); !strings.Contains(got, "zone=10") {
		t.Errorf("a flush of another address took it: %s", got)
	}
	c.send(&of.CTFlush{Proto: 17, Zone: 10, HasZone: true, Orig: of.CTTuple{Src: ip("10.1.0.11"), Dst: ip("10.1.0.12"), DstPort: 7001}})
	c.barrier()
	if got := v.conntrack(t); strings.Contains(got, "zone=10") || !strings.Contains(got, "zone=20") {
		t.Errorf("after the flush of zone 10: %s", got)
	}
	c.send(&of.CTFlush{Reply: of.CTTuple{Src: ip("10.1.0.12")}})
	c.barrier()
	if got := v.conntrack(t); strings.Contains(got, "zone=20") {
		t.Errorf("after the flush by reply: %s", got)
	}
	liveEchoes(t, v, c)
}

// liveEchoes flushes echoes: by their addresses alone, and by all that they are known
// by, but not by a part of that with their protocol.
func liveEchoes(t *testing.T, v *vswitch, c *channel) {
	head := packet.Head{EthSrc: c1, EthDst: router, Src: ip("10.1.0.11"), Dst: ip("10.1.0.12")}
	ends := of.CTTuple{Src: head.Src, Dst: head.Dst}
	typed, whole := ends, ends
	typed.ICMPType = packet.ICMPEchoRequest
	whole.ICMPType, whole.ICMPID = packet.ICMPEchoRequest, 77
	for _, f := range []struct {
		name  string
		flush of.CTFlush
		gone  bool
	}{
		{"type", of.CTFlush{Proto: packet.ProtoICMP, Zone: 10, HasZone: true, Orig: typed}, false},
		{"protocol", of.CTFlush{Proto: packet.ProtoICMP, Zone: 10, HasZone: true, Orig: ends}, false},
		{"identifier", of.CTFlush{Proto: packet.ProtoICMP, Zone: 10, HasZone: true, Orig: whole}, true},
		{"addresses", of.CTFlush{Zone: 10, HasZone: true, Orig: ends}, true},
	} {
		c.send(&of.PacketOut{InPort: of.PortLocal, Actions: acts().Output(of.PortTable, 0), Data: packet.AppendEcho(nil, &head, false, 77, 1, nil)})
		c.barrier()
		if !strings.Contains(v.conntrack(t), "id=77") {
			t.Fatalf("%s: the echo is not known: %s", f.name, v.conntrack(t))
		}
		c.send(&f.flush)
		c.barrier()
		if got := v.conntrack(t); strings.Contains(got, "zone=10") == f.gone {
			t.Errorf("%s: after the flush: %s", f.name, got)
		}
	}
}

// liveRoles takes the mastership over and is told by the switch.
func liveRoles(t *testing.T, v *vswitch) {
	a, b := v.dial(t), v.dial(t)
	var reply of.RoleReply
	if err := reply.Decode(a.ask(&of.RoleRequest{Role: of.RoleMaster, Generation: 10})); err != nil || reply.Role != of.RoleMaster || reply.Generation != 10 {
		t.Fatalf("a: %+v, %v", reply, err)
	}
	if stale := b.refused(&of.RoleRequest{Role: of.RoleMaster, Generation: 9}); stale.Type != of.ErrorRoleRequestFailed || stale.Code != of.CodeStale {
		t.Errorf("an old generation: %v", stale)
	}
	if err := reply.Decode(b.ask(&of.RoleRequest{Role: of.RoleMaster, Generation: 11})); err != nil || reply.Generation != 11 {
		t.Fatalf("b: %+v, %v", reply, err)
	}
	var status of.RoleStatus
	a.await("role status", func(m of.Message) bool { return status.Decode(m) == nil })
	if status.Role != of.RoleSlave || status.Generation != 11 {
		t.Errorf("a is told %+v", status)
	}
	if no := a.refused(&of.FlowMod{}); no.Type != of.ErrorBadRequest || no.Code != of.CodeIsSlave {
		t.Errorf("a slave writes: %v", no)
	}
}

// liveRefusals: what the builder cannot express is refused, not widened.
func liveRefusals(t *testing.T, v *vswitch) {
	c := v.dial(t)
	for name, build := range map[string]func(*of.Match){
		"no prerequisite":  func(m *of.Match) { m.TCPDst(80) },
		"twice":            func(m *of.Match) { m.InPort(1).InPort(2) },
		"other family":     func(m *of.Match) { m.EthType(0x800).IPv4Src(ip("fd01::1")) },
		"no address":       func(m *of.Match) { m.EthType(0x800).Addr(of.FieldIPv4Src, netip.Addr{}) },
		"too long a field": func(m *of.Match) { m.EthType(0x86dd).Uint(of.FieldIPv6Src, 1) },
	} {
		var m of.Match
		build(&m)
		if no := c.refused(&of.FlowMod{Match: m.View()}); no.Type != of.ErrorBadMatch {
			t.Errorf("%s: %v", name, no)
		} else {
			t.Logf("%s: %v", name, no)
		}
	}
}
