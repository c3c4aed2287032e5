// SPDX-License-Identifier: Apache-2.0

package linkspan_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
)

func TestChassisValidate(t *testing.T) {
	addr := netip.MustParseAddr
	good := linkspan.Chassis{ID: 1, Name: "h1", Underlay: addr("198.51.100.7")}
	for what, c := range map[string]linkspan.Chassis{
		"whole": good, "without an address yet": {ID: 1, Name: "h1"}, "IPv6": {ID: 65535, Name: "h1", Underlay: addr("2001:db8::1")},
	} {
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, c := range []struct {
		change func(*linkspan.Chassis)
		says   string
		hint   string
	}{
		{func(c *linkspan.Chassis) { c.Name = "" }, "chassis name is empty", ""},
		{func(c *linkspan.Chassis) { c.Name = "h 1" }, `chassis name "h 1"`, "use letters"},
		{func(c *linkspan.Chassis) { c.ID = 0 }, "chassis h1 has no number", ""},
		{func(c *linkspan.Chassis) { c.Underlay = addr("0.0.0.0") }, "0.0.0.0 of chassis h1 is not one that other hosts can reach", ""},
		{func(c *linkspan.Chassis) { c.Underlay = addr("::") }, ":: of chassis h1 is not one that other hosts can reach", ""},
		{func(c *linkspan.Chassis) { c.Underlay = addr("224.0.0.1") }, "is not one that other hosts can reach", ""},
	} {
		bad := good
		c.change(&bad)
		refusedAs(t, bad.Validate(), c.says, c.hint)
	}
}

func TestChassisNumbersName(t *testing.T) {
	c := linkspan.Chassis{ID: 0x0102}
	if got := c.DPID().String(); got != "6c73000000000102" {
		t.Errorf("datapath id: got %s", got)
	}
	if got := c.ID.TunnelMAC().String(); got != "0e:00:00:00:01:02" {
		t.Errorf("tunnel address: got %s", got)
	}
	if linkspan.TunnelPort <= linkspan.MaxPort {
		t.Error("the tunnel's port is among those of endpoints")
	}
	rapid.Check(t, func(t *rapid.T) {
		a := linkspan.ChassisID(rapid.Uint16Min(1).Draw(t, "a"))
		b := linkspan.ChassisID(rapid.Uint16Min(1).Draw(t, "b"))
		if (a == b) != (a.DPID() == b.DPID()) || (a == b) != (a.TunnelMAC() == b.TunnelMAC()) {
			t.Fatalf("%d and %d: %s %s, %s %s", a, b, a.DPID(), b.DPID(), a.TunnelMAC(), b.TunnelMAC())
		}
		if back, err := linkspan.ParseMAC(a.TunnelMAC().String()); err != nil || back != a.TunnelMAC() || back[0]&2 == 0 {
			t.Fatalf("tunnel address %s is not unicast and locally administered: %v", a.TunnelMAC(), err)
		}
		if back, err := linkspan.ParseDPID(a.DPID().String()); err != nil || back != a.DPID() {
			t.Fatalf("%s: got %s, %v", a.DPID(), back, err)
		}
	})
}

func TestParseDPIDRefuses(t *testing.T) {
	for _, s := range []string{"", "1", "6c7300000000001", "6c730000000000001", "6c7300000000000g", "+c73000000000001", "0x73000000000001"} {
		_, err := linkspan.ParseDPID(s)
		refusedAs(t, err, "is not 16 hexadecimal digits", "")
	}
}

func TestParseMAC(t *testing.T) {
	m, err := linkspan.ParseMAC("02:42:0A:07:00:ff")
	if err != nil || m != (linkspan.MAC{2, 0x42, 0x0a, 7, 0, 0xff}) || m.String() != "02:42:0a:07:00:ff" {
		t.Errorf("got %s, %v", m, err)
	}
	for s, says := range map[string]string{
		"": "is not a MAC address", "02:42:0a:07:00": "is not a MAC address", "02-42-0a-07-00-02": "is not a MAC address",
		"02:42:0a:07:00:0g": "is not a MAC address", "+2:42:0a:07:00:02": "is not a MAC address",
		"02:42:0a:07:00:002": "is not a MAC address", "00:00:00:00:00:00": "is not a unicast",
		"01:00:5e:00:00:01": "is not a unicast", "ff:ff:ff:ff:ff:ff": "is not a unicast",
	} {
		_, err := linkspan.ParseMAC(s)
		refusedAs(t, err, says, "")
	}
}

func TestMACInJSON(t *testing.T) {
	want := linkspan.MAC{2, 0x42, 0x0a, 7, 0, 2}
	text, err := json.Marshal(want)
	if err != nil || string(text) != `"02:42:0a:07:00:02"` {
		t.Fatalf("got %s, %v", text, err)
	}
	var got linkspan.MAC
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Errorf("got %s, %v", got, err)
	}
	if err := json.Unmarshal([]byte(`"02:42"`), &got); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("got %v, want an error of code invalid", err)
	}
}

func FuzzParseMAC(f *testing.F) {
	for _, s := range []string{"02:42:0a:07:00:02", "ff:ff:ff:ff:ff:ff", "02-42-0a-07-00-02", "", "02:42:0a:07:00:0\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := linkspan.ParseMAC(s)
		switch {
		case err != nil && (linkspan.CodeOf(err) != linkspan.Invalid || m != linkspan.MAC{}):
			t.Fatalf("%q: %s, %v", s, m, err)
		case err == nil && (m.String() != strings.ToLower(s) || m[0]&1 != 0 || m == linkspan.MAC{}):
			t.Fatalf("%q was read as %s", s, m)
		}
	})
}

func FuzzParseDPID(f *testing.F) {
	for _, s := range []string{"6c73000000000001", "0000000000000000", "FFFFFFFFFFFFFFFF", "", "1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := linkspan.ParseDPID(s)
		switch {
		case err != nil && linkspan.CodeOf(err) != linkspan.Invalid:
			t.Fatalf("%q: %v", s, err)
		case err == nil && d.String() != strings.ToLower(s):
			t.Fatalf("%q was read as %s", s, d)
		}
	})
}
