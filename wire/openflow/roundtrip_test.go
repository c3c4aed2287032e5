// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	of "github.com/linkspan/linkspan/wire/openflow"
	"pgregory.net/rapid"
)

// drawField draws a field of the registry.
func drawField(t *rapid.T) of.Field {
	var all []of.Field
	for f := range of.Fields() {
		all = append(all, f)
	}
	return rapid.SampledFrom(all).Draw(t, "field")
}

// drawMatch draws up to 40 OXMs and returns them with the match.
func drawMatch(t *rapid.T) (of.MatchView, []of.OXM) {
	m := new(of.Match)
	var list []of.OXM
	for range rapid.IntRange(0, 40).Draw(t, "fields") {
		f := drawField(t)
		value := rapid.SliceOfN(rapid.Byte(), f.Len(), f.Len())
		o := of.OXM{Field: f, Value: value.Draw(t, "value")}
		if rapid.Bool().Draw(t, "masked") {
			o.Mask = value.Draw(t, "mask")
		}
		m.Add(o)
		list = append(list, o)
	}
	return m.View(), list
}

func TestMatchYieldsWhatWasAdded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, want := drawMatch(t)
		if err := v.Check(); err != nil {
			t.Fatal(err)
		}
		var got []of.OXM
		for o := range v.All() {
			got = append(got, o)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		seen := map[of.Field]bool{}
		for _, o := range want {
			if seen[o.Field] {
				continue
			}
			seen[o.Field] = true
			value, mask, ok := v.Lookup(o.Field)
			if !ok || !bytes.Equal(value, o.Value) || !bytes.Equal(mask, o.Mask) || (mask == nil) != (o.Mask == nil) {
				t.Fatalf("%v: got %x/%x %v, want %x/%x", o.Field, value, mask, ok, o.Value, o.Mask)
			}
			if n, ok := v.Uint(o.Field); ok && n != o.Uint() {
				t.Fatalf("%v: got %x, want %x", o.Field, n, o.Uint())
			}
		}
	})
}

// TestMatchCopies: a copy of a match that went to the heap is its own.
func TestMatchCopies(t *testing.T) {
	var a of.Match
	for i := range 40 {
		a.Reg(i, uint32(i))
	}
	b := a
	a.InPort(1)
	b.InPort(2)
	if a.View().InPort() != 1 || b.View().InPort() != 2 {
		t.Errorf("got %d and %d", a.View().InPort(), b.View().InPort())
	}
}

func TestFlowModRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		match, _ := drawMatch(t)
		want := of.FlowMod{
			Cookie: rapid.Uint64().Draw(t, "cookie"), CookieMask: rapid.Uint64().Draw(t, "cookie mask"),
			TableID: rapid.Uint8().Draw(t, "table"), Command: of.FlowModCommand(rapid.Uint8Range(0, 4).Draw(t, "command")),
			IdleTimeout: rapid.Uint16().Draw(t, "idle"), HardTimeout: rapid.Uint16().Draw(t, "hard"),
			Priority: rapid.Uint16().Draw(t, "priority"), OutPort: rapid.Uint32Range(0, of.PortMax).Draw(t, "port"),
			Flags: of.FlowFlags(rapid.Uint16().Draw(t, "flags")), Match: match,
			Instructions: of.Instructions{}.Meter(rapid.Uint32().Draw(t, "meter")).Apply(drawActions(t)).GotoTable(9),
		}
		msg := want.Append(nil, 1)
		if len(msg)%8 != 0 || of.Message(msg).Len() != int(msg[2])<<8|int(msg[3]) {
			t.Fatalf("length %d, header %x", len(msg), msg[:8])
		}
		var got of.FlowMod
		if err := got.Decode(msg); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		if err := got.Instructions.Check(); err != nil {
			t.Fatal(err)
		}
	})
}

// drawActions draws a list of actions of every length and shape.
func drawActions(t *rapid.T) of.Actions {
	var a of.Actions
	all := actionCases()
	for range rapid.IntRange(0, 6).Draw(t, "actions") {
		a = append(a, all[rapid.IntRange(0, len(all)-1).Draw(t, "action")].acts...)
	}
	return a
}

func TestNATRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := of.NAT{Flags: of.NATFlags(rapid.Uint16Range(0, 31).Draw(t, "flags")), PortMin: rapid.Uint16().Draw(t, "min"), PortMax: rapid.Uint16().Draw(t, "max")}
		switch rapid.IntRange(0, 2).Draw(t, "family") {
		case 1:
			want.AddrMin = netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "v4")))
		case 2:
			want.AddrMin = netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "v6")))
			want.AddrMax = want.AddrMin.Next()
		}
		ct := of.CT{Flags: of.CTCommit, Zone: 3, Table: 7, Actions: acts().NAT(&want)}
		gotCT, ok := of.Action(acts().CT(&ct)).CT()
		if !ok || gotCT.Zone != 3 || gotCT.Table != 7 {
			t.Fatalf("got %+v", gotCT)
		}
		if got, ok := of.Action(gotCT.Actions).NAT(); !ok || got != want {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

// TestTooLongIsNotAppended: a message that the length field cannot express
// leaves the buffer as it was.
func TestTooLongIsNotAppended(t *testing.T) {
	before := []byte("before")
	long := make([]byte, of.MaxLen)
	for name, m := range map[string]of.Encoder{
		"packet out": &of.PacketOut{InPort: 1, Data: long},
		"echo":       &of.EchoRequest{Data: long},
		"flow":       &of.FlowMod{Instructions: apply(long)},
		"bundle": appendFunc(func(b []byte, xid uint32) []byte {
			return of.AppendBundleAdd(b, xid, 1, 0, &of.EchoRequest{Data: long})
		}),
	} {
		if got := m.Append(before, 1); string(got) != "before" {
			t.Errorf("%s: %d bytes", name, len(got))
		}
	}
}

// TestCTFlushBytes: the bytes that ovs-ofctl 3.1 sends for the same flush.
func TestCTFlushBytes(t *testing.T) {
	const want = "0000232000000020 0600000000000000 0000004000000000" +
		"00000014 00000000000000000000ffff0a01000b 00000000" +
		"00010014 00000000000000000000ffff0a01000c 00000000" +
		"000300081b580000 00020008000a0000"
	f := of.CTFlush{Proto: 6, Zone: 10, HasZone: true, Orig: of.CTTuple{Src: ip("10.1.0.11"), Dst: ip("10.1.0.12"), DstPort: 7000}}
	got := hex.EncodeToString(f.Append(nil, 1)[of.HeaderLen:])
	if got != strings.ReplaceAll(want, " ", "") {
		t.Errorf("got %s", got)
	}
}

func TestPrefix(t *testing.T) {
	for _, c := range []struct{ prefix, want string }{
		{"10.1.2.3/24", "nw_src=10.1.2.0/24"}, {"10.1.2.3/32", "nw_src=10.1.2.3"}, {"10.1.2.3/0", ""}, {"10.1.2.3/9", "nw_src=10.0.0.0/9"},
	} {
		var m of.Match
		if got := m.IPv4SrcPrefix(pfx(c.prefix)).View().String(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.prefix, got, c.want)
		}
	}
	var m of.Match
	if got := m.IPv6SrcPrefix(pfx("fd01:ffff::/19")).View().String(); got != "ipv6_src=fd01:e000::/19" {
		t.Errorf("got %q", got)
	}
}

func TestMatchText(t *testing.T) {
	for want, build := range map[string]func(*of.Match){
		"":                       func(*of.Match) {},
		"dl_vlan=5":              func(m *of.Match) { m.Uint(of.FieldVLANVID, 0x1005) },
		"vlan_tci=0x1000/0x1000": func(m *of.Match) { m.UintMasked(of.FieldVLANVID, 0x1000, 0x1000) },
		"dl_type=0x88b5":         func(m *of.Match) { m.EthType(0x88b5) },
		"ip,nw_proto=89":         func(m *of.Match) { m.EthType(0x800).IPProto(89) },
		"udp6,tp_src=53":         func(m *of.Match) { m.EthType(0x86dd).IPProto(17).UDPSrc(53) },
		"in_port=LOCAL,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00": func(m *of.Match) { m.InPort(of.PortLocal).EthDstMasked(of.MAC{1}, of.MAC{1}) },
		"reg0=0x5/0xf,metadata=0x1/0xff":                           func(m *of.Match) { m.Metadata(1, 0xff).RegMasked(0, 5, 0xf) },
		"oxm_0x8000_99=0x102":                                      func(m *of.Match) { m.Uint(of.Field(0x8000<<16|99<<9|2), 0x102) },
	} {
		var m of.Match
		if build(&m); m.View().String() != want {
			t.Errorf("got %q, want %q", m.View().String(), want)
		}
	}
}

// TestMessagesDecodeToWhatWasWritten covers every message that is written and
// read by the same struct.
func TestMessagesDecodeToWhatWasWritten(t *testing.T) {
	for _, c := range messageCases() {
		want, ok := c.msg.(decoder)
		if !ok {
			continue
		}
		got := reflect.New(reflect.TypeOf(want).Elem()).Interface().(decoder)
		if err := got.Decode(want.Append(nil, 1)); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// TestEntriesDecodeToWhatWasWritten covers the entries of multipart replies,
// two of each behind one another.
func TestEntriesDecodeToWhatWasWritten(t *testing.T) {
	port, gotPort := samplePort(), of.Port{}
	flow := of.FlowStats{TableID: 22, DurationSec: 2, DurationNsec: 5, Priority: 100, IdleTimeout: 30, HardTimeout: 60, Flags: of.FlowSendRemoved,
		Cookie: 5, Packets: 1, Bytes: 60, Match: sampleMatch(), Instructions: apply(acts().Output(12, 0))}
	table := of.TableStats{TableID: 5, Active: 3, Lookups: 10, Matched: 7}
	meter := of.MeterStats{MeterID: 11, Flows: 1, Packets: 20, Bytes: 1200, DurationSec: 3, DurationNsec: 4, Bands: []of.BandStats{{Packets: 4, Bytes: 240}}}
	config := of.MeterConfig{MeterID: 11, Flags: of.MeterInPktps, Bands: []of.MeterBand{{Type: of.MeterDSCPRemark, Rate: 2, Burst: 3, PrecLevel: 1}}}
	gotFlow, gotTable, gotMeter, gotConfig := of.FlowStats{}, of.TableStats{}, of.MeterStats{}, of.MeterConfig{}
	for _, c := range []struct {
		append    func([]byte) []byte
		next      func([]byte) ([]byte, error)
		want, got any
	}{
		{port.Append, gotPort.Next, &port, &gotPort},
		{flow.AppendBody, gotFlow.Next, &flow, &gotFlow},
		{table.AppendBody, gotTable.Next, &table, &gotTable},
		{meter.AppendBody, gotMeter.Next, &meter, &gotMeter},
		{config.AppendBody, gotConfig.Next, &config, &gotConfig},
	} {
		for body := c.append(c.append(nil)); len(body) > 0; {
			var err error
			if body, err = c.next(body); err != nil {
				t.Fatalf("%T: %v", c.want, err)
			}
			if diff := cmp.Diff(c.want, c.got); diff != "" {
				t.Errorf("%T: %s", c.want, diff)
			}
		}
	}
}

// TestTruncated: no decoder takes a message that ends inside its fixed part.
func TestTruncated(t *testing.T) {
	for _, c := range messageCases() {
		d, ok := c.msg.(decoder)
		if !ok {
			continue
		}
		whole := d.Append(nil, 1)
		for n := range whole {
			m := of.Message(whole[:n:n])
			got := reflect.New(reflect.TypeOf(d).Elem()).Interface().(decoder)
			if err := got.Decode(m); err == nil && n < of.HeaderLen {
				t.Errorf("%s: %d bytes were enough", c.name, n)
			}
		}
		other := bytes.Clone(whole)
		other[1] = 200
		if err := d.Decode(other); !errors.Is(err, of.ErrType) {
			t.Errorf("%s: of another type: %v", c.name, err)
		}
	}
}
