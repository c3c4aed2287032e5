// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

func TestParseRange(t *testing.T) {
	for text, fine := range map[string]bool{
		"100.127.0.0/16": true, "10.255.0.0/16": true,
		"10.255.0.1/16": false, "10.0.0.0/8": false, "10.255.0.0/24": false, "127.0.0.0/16": false,
		"224.0.0.0/16": false, "fd00::/16": false, "off": false, "": false,
	} {
		p, err := ParseRange(text)
		if fine != (err == nil) || fine && p.String() != text {
			t.Errorf("%q: %v, %v", text, p, err)
		}
		if err != nil && linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestParseRange6(t *testing.T) {
	for text, fine := range map[string]bool{
		"fd6c:7367:7700::/112": true, "fd00:1::ab:0/112": true, "2001:db8::/112": true,
		"fd00:1::/64": false, "fd00:1::1/112": false, "fd6c:7367:7700:1::/112": false, "fe80::/112": false, "ff02::/112": false,
		"::/112": false, "10.255.0.0/16": false, "": false,
	} {
		if p, err := ParseRange6(text); fine != (err == nil) || fine && p.String() != text {
			t.Errorf("%q: %v, %v", text, p, err)
		}
	}
}

func TestEndpointsStandByTheirPort(t *testing.T) {
	four, both := Config{Range: DefaultRange()}, Config{Range: DefaultRange(), Range6: DefaultRange6()}
	second := netip.MustParsePrefix("fd00:7::2/64")
	for port, want := range map[uint32][2]string{
		1: {"100.127.0.1", "fd6c:7367:7700::1"}, 258: {"100.127.1.2", "fd6c:7367:7700::102"},
		linkspan.MaxPort: {"100.127.253.232", "fd6c:7367:7700::fde8"},
	} {
		for _, c := range []struct {
			cfg  Config
			with netip.Prefix
			want []string
		}{{four, second, want[:1]}, {both, netip.Prefix{}, want[:1]}, {both, second, want[:]}} {
			if got := fmt.Sprint(c.cfg.standsFor(cnm.Endpoint{Port: port, Address6: c.with})); got != fmt.Sprint(c.want) {
				t.Errorf("port %d stands as %s, want %s", port, got, c.want)
			}
		}
	}
}
