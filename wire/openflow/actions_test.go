// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"strings"
	"testing"

	of "github.com/linkspan/linkspan/wire/openflow"
)

// actionCases are actions under a match of ip or tcp, and how Open vSwitch prints them.
func actionCases() []struct {
	acts of.Actions
	want string
} {
	r0, r1 := of.Reg(0), of.Reg(1)
	label := make([]byte, 16)
	label[15] = 9
	return []struct {
		acts of.Actions
		want string
	}{
		{acts().Output(3, 0).Output(of.PortLocal, 0).Output(of.PortNormal, 0), "output:3,LOCAL,NORMAL"},
		{acts().Group(4).SetQueue(2), "group:4,set_queue:2"},
		{acts().PushVLAN(0x8100).SetUint(of.FieldVLANVID, 0x1000|5).PopVLAN(), "push_vlan:0x8100,set_field:4101->vlan_vid,pop_vlan"},
		{acts().SetTTL(64).DecTTL(), "mod_nw_ttl:64,dec_ttl"},
		{acts().DecTTLIDs(7), "dec_ttl(7)"},
		{acts().DecTTLIDs(7, 8, 9), "dec_ttl(7,8,9)"},
		{acts().Resubmit(5), "resubmit:5"},
		{acts().ResubmitTable(of.PortInPort, 21), "resubmit(,21)"},
		{acts().ResubmitTable(5, 21), "resubmit(5,21)"},
		{acts().Load(r0.Bits(0, 16), 7), "load:0x7->NXM_NX_REG0[0..15]"},
		{acts().Load(r0.Bits(31, 1), 1), "load:0x1->NXM_NX_REG0[31]"},
		{acts().LoadMasked(r1, []byte{0, 0, 0, 5}, []byte{0, 0, 0, 0xff}), "set_field:0x5/0xff->reg1"},
		{acts().LoadMasked(of.FieldXXReg1, label, nil), "set_field:0x9->xxreg1"},
		{acts().Move(r0.Bits(0, 16), r1.Bits(16, 16)), "move:NXM_NX_REG0[0..15]->NXM_NX_REG1[16..31]"},
		{acts().OutputReg(r1.All(), 0), "output:NXM_NX_REG1[]"},
		{acts().CTClear(), "ct_clear"},
		{acts().Conjunction(9, 1, 2), "conjunction(9,2/2)"},
		{acts().Learn(&of.Learn{Table: 5, Priority: 1, HardTimeout: 300, Cookie: 0x12, Limit: 1000, Specs: []of.LearnSpec{
			{Src: r0.All(), Dst: r0.All()}, {Src: of.FieldNXMEthSrc.All(), Dst: of.FieldNXMEthDst.All()}, {Value: 1, Dst: r1.All(), Load: true},
			{Src: r0.Bits(0, 16), Dst: r1.Bits(16, 16), Load: true}}}),
			"learn(table=5,hard_timeout=300,priority=1,cookie=0x12,limit=1000,NXM_NX_REG0[],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:0x1->NXM_NX_REG1[],load:NXM_NX_REG0[0..15]->NXM_NX_REG1[16..31])"},
		{acts().Note([]byte{1, 2, 3}), "note:01.02.03.00.00.00"},
		{acts().Controller(&of.Controller{MaxLen: 128, Reason: of.ReasonAction}), "CONTROLLER:128"},
		{acts().Controller(&of.Controller{MaxLen: of.MaxLenNoBuffer, ID: 3}), "controller(reason=no_match,id=3)"},
		{acts().Controller(&of.Controller{MaxLen: of.MaxLenNoBuffer, Reason: of.ReasonAction, MeterID: 11}), "controller(meter_id=11)"},
		{acts().Controller(&of.Controller{MaxLen: 64, ID: 2, Reason: of.ReasonAction, Userdata: []byte{1, 2, 3}}), "controller(max_len=64,id=2,userdata=01.02.03)"},
		{acts().CT(&of.CT{Table: of.NoTable}), "ct()"},
		{acts().CT(&of.CT{Table: of.NoTable, Zone: 3, ALG: 21, Flags: of.CTCommit}), "ct(commit,zone=3,alg=ftp)"},
		{acts().CT(&of.CT{Table: 4, Flags: of.CTCommit, Actions: acts().NAT(&of.NAT{Flags: of.NATSrc | of.NATRandom,
			AddrMin: ip("10.0.0.1"), AddrMax: ip("10.0.0.9"), PortMin: 1000, PortMax: 2000})}),
			"ct(commit,table=4,nat(src=10.0.0.1-10.0.0.9:1000-2000,random))"},
		{acts().CT(&of.CT{Table: 4, Flags: of.CTCommit, Actions: acts().NAT(&of.NAT{Flags: of.NATDst | of.NATPersistent | of.NATHash,
			AddrMin: ip("fd01::5"), PortMin: 80})}),
			"ct(commit,table=4,nat(dst=[fd01::5]:80,persistent,hash))"},
		{acts().CT(&of.CT{Table: of.NoTable, Flags: of.CTCommit, Actions: acts().SetField(of.FieldCTLabel, label).
			SetUint(of.FieldCTMark, 1)}), "ct(commit,exec(set_field:0x9->ct_label,set_field:0x1->ct_mark))"},
		{acts().SetAddr(of.FieldIPv4Src, ip("10.9.9.9")).SetUint(of.FieldTCPDst, 80), "set_field:10.9.9.9->ip_src,set_field:80->tcp_dst"},
	}
}

func TestActionsAsOpenVSwitchReadsThem(t *testing.T) {
	for _, c := range actionCases() {
		var m of.Match
		if m.EthType(0x800).IPProto(6); strings.Contains(c.want, "fd01") {
			m.Reset().EthType(0x86dd).IPProto(6)
		}
		mod := of.FlowMod{Match: m.View(), Instructions: apply(c.acts)}
		_, got, _ := strings.Cut(ofPrint(t, mod.Append(nil, testXID)), "actions=")
		if got != c.want {
			t.Errorf("Open vSwitch: got %q, want %q", got, c.want)
		}
	}
}

func TestActionText(t *testing.T) {
	for _, c := range actionCases() {
		if got := c.acts.String(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
		if err := c.acts.Check(); err != nil {
			t.Errorf("%s: %v", c.want, err)
		}
	}
}

func TestInstructionsAsOpenVSwitchReadsThem(t *testing.T) {
	l := of.Instructions(nil).Meter(3).Apply(acts().Output(1, 0)).Clear().Write(acts().Output(2, 0)).
		WriteMetadata(5, 0xff).GotoTable(9)
	const want = "meter:3,output:1,clear_actions,write_actions(output:2),write_metadata:0x5/0xff,goto_table:9"
	if got := l.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	_, got, _ := strings.Cut(ofPrint(t, (&of.FlowMod{Instructions: l}).Append(nil, testXID)), "actions=")
	if got != want {
		t.Errorf("Open vSwitch: got %q, want %q", got, want)
	}
}
