// SPDX-License-Identifier: Apache-2.0

package linkspan_test

import (
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
)

func TestParseRate(t *testing.T) {
	for _, test := range []struct {
		text string
		want linkspan.Rate // 0: refused
		back string        // empty: as text
	}{
		{"100mbit", 100_000_000, ""},
		{"1gbit", 1_000_000_000, ""},
		{"64kbit", 64_000, ""},
		{"100gbit", 100_000_000_000, ""},
		{"1500kbit", 1_500_000, ""},
		{"50Mbit", 50_000_000, "50mbit"}, // docker's command line makes it small, other clients do not
		{"1000mbit", 1_000_000_000, "1gbit"},
		{"0100mbit", 100_000_000, "100mbit"},
		{"", 0, ""},
		{"mbit", 0, ""},
		{"100", 0, ""},
		{"100mb", 0, ""},
		{"50MB", 0, ""}, // bytes or bits: nobody knows any more
		{"100 mbit", 0, ""},
		{"100m", 0, ""},
		{"1.5gbit", 0, ""},
		{"-1mbit", 0, ""},
		{"+1mbit", 0, ""},
		{"1e3mbit", 0, ""},
		{"0mbit", 0, ""},
		{"63kbit", 0, ""},
		{"101gbit", 0, ""},
		{"18446744073709551615gbit", 0, ""},
		{"18446744073709551616gbit", 0, ""},
		{"100mbits", 0, ""},
		{"١mbit", 0, ""},
	} {
		got, err := linkspan.ParseRate(test.text)
		if test.want == 0 {
			if linkspan.CodeOf(err) != linkspan.Invalid || linkspan.HintOf(err) == "" {
				t.Errorf("%q: got %v, %v; want it refused with a hint", test.text, got, err)
			}
			continue
		}
		back := test.back
		if back == "" {
			back = test.text
		}
		if err != nil || got != test.want || got.String() != back {
			t.Errorf("%q: got %d (%s), %v; want %d (%s)", test.text, uint64(got), got, err, uint64(test.want), back)
		}
	}
	if got, err := linkspan.ParseRate("none"); got != 0 || err != nil || got.String() != "none" {
		t.Errorf("none: got %v, %v", got, err)
	}
}

func FuzzParseRate(f *testing.F) {
	for _, text := range []string{"100mbit", "none", "1gbit", "64kbit", "", "bit", "9999999999999999999gbit"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := linkspan.ParseRate(text)
		if err != nil {
			return
		}
		if err := (linkspan.Limits{Egress: r}).Validate(); err != nil {
			t.Errorf("%q was read, and is not valid: %v", text, err)
		}
		if again, err := linkspan.ParseRate(r.String()); err != nil || again != r {
			t.Errorf("%q was read as %s, and that as %s, %v", text, r, again, err)
		}
	})
}

// Every rate of whole kilobits is written so that it is read as itself.
func TestRatesAreReadAsTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := linkspan.Rate(rapid.Uint64Range(64, 100_000_000).Draw(t, "kilobits")) * linkspan.Kilobit
		if got, err := linkspan.ParseRate(r.String()); err != nil || got != r {
			t.Errorf("%s was read as %s, %v", r, got, err)
		}
	})
}

func TestLimitsWith(t *testing.T) {
	ofNetwork := linkspan.Limits{Egress: 100 * linkspan.Megabit, Ingress: linkspan.Gigabit}
	for _, test := range []struct {
		name    string
		options map[string]string
		want    linkspan.Limits
	}{
		{"nothing said", nil, ofNetwork},
		{"other options", map[string]string{"linkspan.idle": "30s"}, ofNetwork},
		{"one direction", map[string]string{linkspan.OptionEgress: "50mbit"}, linkspan.Limits{Egress: 50 * linkspan.Megabit, Ingress: linkspan.Gigabit}},
		{"both", map[string]string{linkspan.OptionEgress: "1mbit", linkspan.OptionIngress: "2mbit"}, linkspan.Limits{Egress: linkspan.Megabit, Ingress: 2 * linkspan.Megabit}},
		{"free of one", map[string]string{linkspan.OptionIngress: "none"}, linkspan.Limits{Egress: 100 * linkspan.Megabit}},
	} {
		if got, err := ofNetwork.With(test.options); err != nil || got != test.want {
			t.Errorf("%s: got %s, %v; want %s", test.name, got, err, test.want)
		}
	}
	_, err := ofNetwork.With(map[string]string{linkspan.OptionIngress: "50MB"})
	if linkspan.CodeOf(err) != linkspan.Invalid || !strings.Contains(err.Error(), linkspan.OptionIngress) || !strings.Contains(linkspan.HintOf(err), "100mbit") {
		t.Errorf("got %v, hint %q", err, linkspan.HintOf(err))
	}
}

func TestLimitsOfRecords(t *testing.T) {
	network := func(l linkspan.Limits) error {
		n := linkspan.Network{Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24"), Limits: l}
		n.ApplyDefaults()
		return n.Validate()
	}
	endpoint := func(l linkspan.Limits) error {
		e := linkspan.Endpoint{Network: 1, Chassis: 1, Address: netip.MustParseAddr("10.7.0.2"), Limits: l}
		return e.Validate()
	}
	for what, validate := range map[string]func(linkspan.Limits) error{"network": network, "endpoint": endpoint} {
		for _, l := range []linkspan.Limits{{Egress: 1}, {Ingress: linkspan.MaxRate + 1}} {
			if err := validate(l); linkspan.CodeOf(err) != linkspan.Invalid {
				t.Errorf("%s with %s: got %v", what, l, err)
			}
		}
		for _, l := range []linkspan.Limits{{}, {Egress: linkspan.MinRate, Ingress: linkspan.MaxRate}} {
			if err := validate(l); err != nil {
				t.Errorf("%s with %s: got %v", what, l, err)
			}
		}
	}
	if (linkspan.Limits{}).Any() || !(linkspan.Limits{Ingress: linkspan.Megabit}).Any() {
		t.Error("Any says it wrong")
	}
}
