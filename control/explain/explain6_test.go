// SPDX-License-Identifier: Apache-2.0

package explain_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/explain"
	"github.com/linkspan/linkspan/control/view"
)

// sixes gives web IPv6, and w1 and w2 in it the addresses fd00:7::2 and fd00:7::3.
func sixes(more ...view.Change) []view.Change {
	web := networks[0]
	web.Subnet6, web.Gateway6 = netip.MustParsePrefix("fd00:7::/64"), netip.MustParseAddr("fd00:7::1")
	more = append(more, view.PutNetwork(&web))
	for i := range 2 {
		w := endpoints[i]
		e := &linkspan.Endpoint{
			Network: w.network, Address: netip.AddrFrom4([4]byte{10, 7, 0, w.last}), Chassis: w.on, Container: w.name,
			MAC: linkspan.MAC{2, 0, 0, 0, 0, byte(i + 1)}, Port: uint32(10 + i), Address6: netip.AddrFrom16([16]byte{0xfd, 3: 7, 15: w.last}),
		}
		if i == 1 {
			e.Published = []string{"0.0.0.0:8080-8081->80-81/tcp", "[::]:8080->80/tcp"}
		}
		more = append(more, view.PutEndpoint(&linkspan.Endpoint{Network: w.network, Address: e.Address6, Chassis: w.on}), view.PutEndpoint(e))
	}
	return more
}

// TestAnswersAboutIPv6: as about IPv4, and what is IPv6's own.
func TestAnswersAboutIPv6(t *testing.T) {
	const one, two, outside = "fd00:7::2", "fd00:7::3", "2001:db8::9"
	for name, c := range map[string]struct {
		from, to, ports string
		verdict         explain.Verdict
		rule            explain.Rule
		why             string
	}{
		"the same network":     {one, two, "tcp/80", explain.Allowed, explain.ByNetwork, "same network"},
		"an echo":              {one, two, "icmp6/128", explain.Allowed, explain.ByNetwork, "same network"},
		"neighbour discovery":  {one, two, "icmp6/136", explain.Denied, explain.ByWay, "neighbour discovery"},
		"another family":       {one, "10.7.0.3", "tcp/80", explain.Denied, explain.ByAttachment, "one family to the other"},
		"nobody there":         {one, "fd00:7::99", "tcp/80", explain.Denied, explain.ByAttachment, ""},
		"out":                  {one, outside, "tcp/80", explain.Allowed, explain.ByWayOut, "not internal"},
		"out, a policy":        {one, "2001:db8:5::9", "tcp/80", explain.Denied, explain.ByPolicy, "a policy denies it"},
		"in":                   {outside, one, "tcp/80", explain.Denied, explain.ByWay, "is not published"},
		"in, published":        {outside, two, "tcp/80", explain.Allowed, explain.ByWayOut, ""},
		"in, of IPv4 alone":    {outside, two, "tcp/81", explain.Denied, explain.ByWay, "is not published"},
		"the gateway's answer": {one, "fd00:7::1", "icmp6/128", explain.Allowed, explain.ByWayOut, "the switch answers"},
	} {
		t.Run(name, func(t *testing.T) {
			v := world(t, sixes(rule(t, 1, 5, "deny", "any", "2001:db8:5::/48"))...)
			a := explain.Ask(v, question(t, v, c.from, c.to, c.ports))
			if a.Verdict != c.verdict || a.Rule != c.rule || !strings.Contains(a.Reason, c.why) {
				t.Errorf("%s by %s: %s", a.Verdict, a.Rule, a.Reason)
			}
			if n := len(a.Steps); a.Rule != explain.ByAttachment && (n == 0 || a.Steps[n-1].Says != c.verdict.String()) {
				t.Errorf("asked were: %s", stepsText(&a))
			}
		})
	}
}
