// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	of "github.com/linkspan/linkspan/wire/openflow"
)

// appendFunc makes an Encoder of a method with another name.
type appendFunc func(b []byte, xid uint32) []byte

func (f appendFunc) Append(b []byte, xid uint32) []byte { return f(b, xid) }

// bundleAdd adds a flow to bundle 7.
func bundleAdd(b []byte, xid uint32) []byte {
	var m of.Match
	f := of.FlowMod{Priority: 5, Match: m.InPort(1).View()}
	return of.AppendBundleAdd(b, xid, 7, of.BundleAtomic|of.BundleOrdered, &f)
}

// multipartBody wraps the body of a reply.
func multipartBody(t of.MultipartType, body []byte) of.Encoder {
	return appendFunc((&of.Multipart{Type: t, Body: body}).AppendReply)
}

// messageCase is a message; how Open vSwitch prints it is in messagesFile.
type messageCase struct {
	name string
	msg  of.Encoder
}

func samplePort() of.Port {
	p := of.Port{Number: 11, HWAddr: of.MAC{2, 0, 0, 0, 0, 1}, State: of.PortStateLive, CurrSpeed: 10000000, Current: 1 << 6}
	p.SetName("veth11")
	return p
}

func sampleMatch() of.MatchView {
	m := new(of.Match)
	return m.InPort(11).Reg(0, 10).Reg(1, 11).View()
}

func frame() []byte {
	f := make([]byte, 60)
	copy(f, []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5})
	return f
}

func messageCases() []messageCase {
	return append(append(sessionCases(), flowMessageCases()...), statsCases()...)
}

// update rewrites the printed forms; the difference is to be reviewed.
var update = flag.Bool("update", false, "rewrite testdata/messages.txt")

const messagesFile = "testdata/messages.txt"

func TestMessagesAsOpenVSwitchReadsThem(t *testing.T) {
	var got strings.Builder
	for _, c := range messageCases() {
		fmt.Fprintf(&got, "# %s\n%s\n\n", c.name, ofPrint(t, c.msg.Append(nil, testXID)))
	}
	if *update {
		if err := os.WriteFile(messagesFile, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(messagesFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func sessionCases() []messageCase {
	return []messageCase{
		{"hello", &of.Hello{Versions: 1 << 4}},
		{"echo request", &of.EchoRequest{Data: []byte("abc")}},
		{"echo reply", &of.EchoReply{Data: []byte("abc")}},
		{"error", &of.ErrorMessage{Type: of.ErrorBadMatch, Code: 9}},
		{"bundle error", &of.ErrorMessage{Type: of.ErrorExperimenter, Code: of.CodeBundleMsgFailed, Experimenter: of.ONF}},
		{"features request", &of.FeaturesRequest{}},
		{"features reply", &of.FeaturesReply{DatapathID: 0x2c1, Tables: 254, Capabilities: 0x4f}},
		{"get config", &of.GetConfigRequest{}},
		{"config reply", appendFunc((&of.Config{MissSendLen: 128}).AppendReply)},
		{"set config", &of.Config{MissSendLen: of.MaxLenNoBuffer}},
		{"barrier request", &of.BarrierRequest{}},
		{"barrier reply", &of.BarrierReply{}},
		{"role request", &of.RoleRequest{Role: of.RoleMaster, Generation: 10}},
		{"role reply", &of.RoleReply{Role: of.RoleSlave, Generation: 11}},
		{"role status", &of.RoleStatus{Role: of.RoleSlave, Generation: 11}},
		{"get async", &of.GetAsyncRequest{}},
		{"async reply", appendFunc((&of.Async{PacketIn: [2]uint32{3, 0}, PortStatus: [2]uint32{7, 7}, FlowRemoved: [2]uint32{15, 0}}).AppendReply)},
		{"set async", &of.Async{PacketIn: [2]uint32{7, 0}, PortStatus: [2]uint32{7, 7}, FlowRemoved: [2]uint32{15, 0}}},
		{"set controller id", &of.SetControllerID{ID: 7}},
		{"experimenter", &of.Experimenter{ID: of.Nicira, Type: 20, Body: []byte{0, 0, 0, 0, 0, 0, 0, 9}}},
		{"bundle open", &of.BundleControl{BundleID: 7, Flags: of.BundleAtomic | of.BundleOrdered}},
		{"bundle committed", &of.BundleControl{BundleID: 7, Command: of.BundleCommitted, Flags: of.BundleAtomic}},
		{"bundle add", appendFunc(bundleAdd)},
		{"conntrack flush", &of.CTFlush{Proto: 6, HasZone: true, Zone: 10,
			Orig: of.CTTuple{Src: ip("10.1.0.11"), Dst: ip("10.1.0.12"), DstPort: 7000}}},
		{"conntrack flush of replies", &of.CTFlush{Proto: 17,
			Reply: of.CTTuple{Src: ip("fd01::1"), SrcPort: 53}}},
		{"conntrack flush of echoes", &of.CTFlush{Proto: 1, HasZone: true, Zone: 10,
			Orig: of.CTTuple{Src: ip("10.1.0.11"), Dst: ip("10.1.0.12"), ICMPID: 77, ICMPType: 8, ICMPCode: 1}}},
	}
}

func flowMessageCases() []messageCase {
	drop := []of.MeterBand{{Type: of.MeterDrop, Rate: 200, Burst: 50}}
	return []messageCase{
		{"packet out", &of.PacketOut{InPort: of.PortController, Actions: acts().Output(12, 0), Data: frame()}},
		{"packet in", &of.PacketIn{BufferID: of.NoBuffer, TotalLen: 60, Reason: of.ReasonAction, TableID: 22, Cookie: 5, Match: sampleMatch(), Data: frame()}},
		{"flow removed", &of.FlowRemoved{Cookie: 5, Priority: 100, Reason: of.RemovedIdleTimeout, TableID: 22, DurationSec: 31, IdleTimeout: 30, Packets: 3, Bytes: 180, Match: sampleMatch()}},
		{"port status", &of.PortStatus{Reason: of.PortAdd, Port: samplePort()}},
		{"delete by cookie", &of.FlowMod{Command: of.FlowDelete, TableID: of.TableAll, Cookie: 0x100, CookieMask: 0xff00}},
		{"flow with timeouts", &of.FlowMod{Command: of.FlowAdd, IdleTimeout: 30, HardTimeout: 60, Priority: 9, Flags: of.FlowSendRemoved, Cookie: 1}},
		{"meter add", &of.MeterMod{MeterID: 11, Flags: of.MeterInPktps | of.MeterWithBurst | of.MeterWithStats, Bands: drop}},
		{"meter modify", &of.MeterMod{Command: of.MeterModify, MeterID: 11, Flags: of.MeterInKbps, Bands: []of.MeterBand{{Type: of.MeterDSCPRemark, Rate: 1000, PrecLevel: 1}}}},
		{"meter delete", &of.MeterMod{Command: of.MeterDelete, MeterID: of.MeterAll}},
	}
}

func statsCases() []messageCase {
	drop := []of.MeterBand{{Type: of.MeterDrop, Rate: 200, Burst: 50}}
	port := samplePort()
	return []messageCase{
		{"desc request", &of.DescRequest{}},
		{"desc reply", multipartBody(of.MultipartDesc, (&of.Desc{Manufacturer: "m", Hardware: "h", Software: "s", Serial: "n", Datapath: "d"}).AppendBody(nil))},
		{"flow request", &of.FlowRequest{TableID: of.TableAll, Cookie: 1, CookieMask: 3, Match: sampleMatch()}},
		{"aggregate request", &of.FlowRequest{TableID: 22, Aggregate: true}},
		{"flow reply", multipartBody(of.MultipartFlow, (&of.FlowStats{TableID: 22, DurationSec: 2, DurationNsec: 5e6, Priority: 100, IdleTimeout: 30, Cookie: 5, Packets: 1, Bytes: 60, Match: sampleMatch(), Instructions: apply(acts().Output(12, 0))}).AppendBody(nil))},
		{"aggregate reply", multipartBody(of.MultipartAggregate, (&of.AggregateStats{Packets: 1, Bytes: 60, Flows: 2}).AppendBody(nil))},
		{"table request", &of.TableRequest{}},
		{"table reply", multipartBody(of.MultipartTable, (&of.TableStats{TableID: 5, Active: 3, Lookups: 10, Matched: 7}).AppendBody(nil))},
		{"port request", &of.PortDescRequest{}},
		{"port reply", multipartBody(of.MultipartPortDesc, port.Append(nil))},
		{"meter request", &of.MeterRequest{MeterID: of.MeterAll}},
		{"meter reply", multipartBody(of.MultipartMeter, (&of.MeterStats{MeterID: 11, Flows: 1, Packets: 20, Bytes: 1200, DurationSec: 3, Bands: []of.BandStats{{4, 240}}}).AppendBody(nil))},
		{"meter config request", &of.MeterRequest{MeterID: 11, Config: true}},
		{"meter config reply", multipartBody(of.MultipartMeterConfig, (&of.MeterConfig{MeterID: 11, Flags: of.MeterInPktps | of.MeterWithBurst, Bands: drop}).AppendBody(nil))},
	}
}
