// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"net/netip"
	"testing"

	of "github.com/linkspan/linkspan/wire/openflow"
)

// packetInBytes is a PacketIn with three fields in its match and a frame of 128
// bytes.
func packetInBytes() []byte {
	p := of.PacketIn{BufferID: of.NoBuffer, TotalLen: 128, Reason: of.ReasonAction, TableID: 22, Match: sampleMatch(), Data: make([]byte, 128)}
	return p.Append(nil, 1)
}

// route encodes what a route needs into b: a match of five fields and actions.
func route(b []byte, dst netip.Addr, scratch *[256]byte) []byte {
	var m of.Match
	m.InPort(11).EthType(0x800).IPProto(6).IPv4Dst(dst).TCPDst(80)
	a := of.Actions(scratch[:0]).DecTTL().SetMAC(of.FieldEthSrc, router).Output(2, 0)
	l := of.Instructions(scratch[len(a):len(a)]).Apply(a)
	f := of.FlowMod{Cookie: 7, TableID: 22, IdleTimeout: 30, Priority: 100, Match: m.View(), Instructions: l}
	return f.Append(b, 1)
}

func TestNothingIsAllocated(t *testing.T) {
	in := packetInBytes()
	buf := make([]byte, 0, 4096)
	data := frame()
	dst := ip("10.1.0.12")
	var scratch [256]byte
	var sink uint64
	for name, f := range map[string]func(){
		"decode PacketIn": func() {
			var p of.PacketIn
			if err := p.Decode(in); err != nil {
				t.Fatal(err)
			}
			v, _ := p.Match.Uint(of.Reg(1))
			sink += v + uint64(p.Match.InPort())
			for o := range p.Match.All() {
				sink += o.Uint()
			}
		},
		"encode FlowMod": func() { buf = route(buf[:0], dst, &scratch) },
		"encode PacketOut": func() {
			out := of.PacketOut{InPort: of.PortController, Actions: of.Actions(scratch[:0]).Output(12, 0), Data: data}
			buf = out.Append(buf[:0], 1)
		},
		"encode ct": func() {
			ct := of.CT{Flags: of.CTCommit, Table: 21, ZoneFrom: zoneReg0}
			buf = of.Actions(buf[:0]).CT(&ct)
		},
		"walk FlowStats": func() {
			var f of.FlowStats
			fs := of.FlowStats{Match: of.MatchView(in[:0])}
			buf = fs.AppendBody(buf[:0])
			for b := buf; len(b) > 0; {
				var err error
				if b, err = f.Next(b); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		if n := testing.AllocsPerRun(200, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	if sink == 0 {
		t.Error("nothing was decoded")
	}
}

func BenchmarkPacketInDecode(b *testing.B) {
	in := packetInBytes()
	var p of.PacketIn
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Decode(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPacketInDecodeAndLookup(b *testing.B) {
	in := packetInBytes()
	var p of.PacketIn
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Decode(in); err != nil {
			b.Fatal(err)
		}
		if v, _ := p.Match.Uint(of.Reg(1)); v != 11 || p.Match.InPort() != 11 {
			b.Fatal(v)
		}
	}
}

func BenchmarkFlowModEncode(b *testing.B) {
	var m of.Match
	m.InPort(11).EthType(0x800).IPProto(6).IPv4Dst(ip("10.1.0.12")).TCPDst(80)
	f := of.FlowMod{Cookie: 7, Priority: 100, Match: m.View(), Instructions: apply(acts().Output(2, 0))}
	buf := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = f.Append(buf[:0], 1)
	}
}

func BenchmarkFlowModBuildAndEncode(b *testing.B) {
	buf := make([]byte, 0, 4096)
	dst := ip("10.1.0.12")
	var scratch [256]byte
	b.ReportAllocs()
	for b.Loop() {
		buf = route(buf[:0], dst, &scratch)
	}
}

func BenchmarkPacketOutEncode(b *testing.B) {
	out := of.PacketOut{InPort: of.PortController, Actions: acts().Output(12, 0), Data: make([]byte, 128)}
	buf := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = out.Append(buf[:0], 1)
	}
}

func BenchmarkReader(b *testing.B) {
	r := of.NewReader(&again{all: bytes.Repeat(packetInBytes(), 1000)})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Next(); err != nil {
			b.Fatal(err)
		}
	}
}

// again reads the same bytes over and over.
type again struct {
	all, left []byte
}

func (a *again) Read(b []byte) (int, error) {
	if len(a.left) == 0 {
		a.left = a.all
	}
	n := copy(b, a.left)
	a.left = a.left[n:]
	return n, nil
}

func BenchmarkFlowText(b *testing.B) {
	f := flowCases()[4].mod()
	s := of.FlowStats{Priority: f.Priority, Match: f.Match, Instructions: f.Instructions}
	for b.Loop() {
		_ = s.String()
	}
}
