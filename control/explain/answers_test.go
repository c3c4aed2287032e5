// SPDX-License-Identifier: Apache-2.0

package explain_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/explain"
	"github.com/linkspan/linkspan/control/view"
)

// answerCase is a question about a world in which something is so, and what is told.
type answerCase struct {
	name            string
	given           func(*testing.T) []view.Change // nil: nothing
	from, to, ports string
	verdict         explain.Verdict
	rule            explain.Rule
	reason          string // a part of it
	steps           string
	transport       linkspan.Transport
}

func having(changes ...view.Change) func(*testing.T) []view.Change {
	return func(*testing.T) []view.Change { return changes }
}

// gated gives web a gateway.
func gated() view.Change {
	web := networks[0]
	web.Gateway = netip.MustParseAddr("10.7.0.1")
	return view.PutNetwork(&web)
}

// TestAnswers has a row for each kind of verdict.
func TestAnswers(t *testing.T) {
	for _, c := range slices.Concat(answersWithin(), answersOut(), answersIn()) {
		t.Run(c.name, func(t *testing.T) {
			var given []view.Change
			if c.given != nil {
				given = c.given(t)
			}
			v := world(t, given...)
			a := explain.Ask(v, question(t, v, c.from, c.to, c.ports))
			if a.Verdict != c.verdict || a.Rule != c.rule || !strings.Contains(a.Reason, c.reason) {
				t.Errorf("%s by %s: %s; want %s by %s: %s", a.Verdict, a.Rule, a.Reason, c.verdict, c.rule, c.reason)
			}
			if got := stepsText(&a); got != c.steps {
				t.Errorf("asked were %q, want %q", got, c.steps)
			}
			if a.Path.Transport != c.transport {
				t.Errorf("by %q, want %q", a.Path.Transport, c.transport)
			}
		})
	}
}

// answersWithin are those about two in networks of the fabric.
func answersWithin() []answerCase {
	return []answerCase{
		{"same network", nil, "w1", "w2", "tcp/80", explain.Allowed, explain.ByNetwork, "same network", "link=nothing policy=nothing same network=allowed", linkspan.Tunnel},
		{"same host", nil, "w1", "w4", "icmp/8", explain.Allowed, explain.ByNetwork, "same network", "link=nothing policy=nothing same network=allowed", linkspan.Local},
		{"by address", nil, "w1", "10.7.0.3", "gre", explain.Allowed, explain.ByNetwork, "same network", "link=nothing policy=nothing same network=allowed", linkspan.Tunnel},
		{"other network", nil, "w1", "d1", "tcp/80", explain.Denied, explain.ByNobody, "share no group",
			"link=nothing policy=nothing same network=nothing group=nothing nobody=denied", ""},
		{"shared group", having(group(1, 2)), "w1", "d1", "tcp/80", explain.Allowed, explain.ByGroup, "share a group",
			"link=nothing policy=nothing same network=nothing group=allowed", linkspan.Tunnel},
		{"linked", having(link(linkspan.LinkAllow, on(1, "w1"), on(2, "d1"))), "w1", "d1", "tcp/80", explain.Allowed, explain.ByLink, "connects", "link=allowed", linkspan.Tunnel},
		{"disconnected", having(link(linkspan.LinkDeny, on(1, "w1"), on(2, "w2"))), "w1", "w2", "tcp/80", explain.Denied, explain.ByLink, "disconnects", "link=denied", ""},
		{"a policy into an internal network", func(t *testing.T) []view.Change { return []view.Change{rule(t, 1, 0, "allow", "any", "any")} }, "w1", "c1", "tcp/80",
			explain.Denied, explain.ByNetwork, "internal", "link=nothing same network=denied", ""},
		{"linked into an internal network", having(link(linkspan.LinkAllow, on(1, "w1"), on(1, "c1"))), "w1", "c1", "tcp/80",
			explain.Denied, explain.ByLink, "internal", "link=denied", ""},
		{"name not known", having(link(linkspan.LinkDeny, on(1, "w4"), on(2, "w2"))), "10.7.0.77", "w2", "tcp/80",
			explain.Denied, explain.ByLink, "not known yet", "link=denied", ""},
		{"allowed by policy", func(t *testing.T) []view.Change {
			return []view.Change{rule(t, 1, 5, "allow", "w1", "d1", "udp/53", "tcp/80"), rule(t, 2, 9, "deny", "w1", "any", "tcp/22")}
		}, "w1", "d1", "tcp/80", explain.Allowed, explain.ByPolicy, "allows", "link=nothing policy=nothing policy=allowed", linkspan.Tunnel},
		{"denied by policy", func(t *testing.T) []view.Change { return []view.Change{rule(t, 1, 5, "deny", "any", "w2", "tcp/80")} },
			"w1", "w2", "tcp/80", explain.Denied, explain.ByPolicy, "denies", "link=nothing policy=denied", linkspan.Tunnel},
		{"another port of it", func(t *testing.T) []view.Change { return []view.Change{rule(t, 1, 5, "deny", "any", "w2", "tcp/80")} },
			"w1", "w2", "tcp/81", explain.Allowed, explain.ByNetwork, "same network", "link=nothing policy=nothing same network=allowed", linkspan.Tunnel},
		{"what all allow", func(t *testing.T) []view.Change { return []view.Change{rule(t, 1, 5, "allow", "any", "w2", "tcp/80")} },
			"w1", "w2", "tcp/81", explain.Allowed, explain.ByNetwork, "same network", "link=nothing policy=nothing same network=allowed", linkspan.Tunnel},
		{"rejected", func(t *testing.T) []view.Change { return []view.Change{rule(t, 1, 5, "reject", "any", "w2")} },
			"w1", "w2", "tcp/80", explain.Rejected, explain.ByPolicy, "rejects", "link=nothing policy=rejected", linkspan.Tunnel},
		{"a link before a policy", func(t *testing.T) []view.Change {
			return []view.Change{rule(t, 1, 5, "deny", "any", "any"), link(linkspan.LinkAllow, on(1, "w1"), on(2, "w2"))}
		}, "w1", "w2", "tcp/80", explain.Allowed, explain.ByLink, "connects", "link=allowed", linkspan.Tunnel},
		{"other site", nil, "w1", "w3", "tcp/80", explain.Denied, explain.ByWay, "different sites", "link=nothing policy=nothing same network=allowed way=denied", ""},
		{"must be direct", nil, "f1", "f2", "tcp/80", explain.Denied, explain.ByWay, "no direct path", "link=nothing policy=nothing same network=allowed way=denied", ""},
	}
}

// answersOut are those about who cannot be reached so, and what is outside.
func answersOut() []answerCase {
	return []answerCase{
		{"overlapping", having(twins(link(linkspan.LinkAllow, on(1, "w1"), on(2, "t2")))...), "w1", "t2", "tcp/80", explain.Denied, explain.ByAttachment, "another's", "", ""},
		{"nobody there", nil, "w1", "10.7.0.200", "tcp/80", explain.Denied, explain.ByAttachment, "no endpoint has the destination", "", ""},
		{"reserved", nil, "w1", "10.7.0.99", "tcp/80", explain.Denied, explain.ByAttachment, "reserved", "", ""},
		{"from a reserved one", nil, "10.7.0.99", "w1", "tcp/80", explain.Denied, explain.ByAttachment, "reserved", "", ""},
		{"to outside", nil, "w1", "8.8.8.8", "udp/53", explain.Allowed, explain.ByWayOut, "outside of all networks", "policy=nothing way out=allowed", linkspan.Gateway},
		{"to outside, denied by policy", func(t *testing.T) []view.Change {
			return []view.Change{rule(t, 1, 5, "deny", "w1", "8.0.0.0/8", "udp/53")}
		}, "w1", "8.8.8.8", "udp/53", explain.Denied, explain.ByPolicy, "denies", "policy=denied", linkspan.Gateway},
		{"to outside, another port of it", func(t *testing.T) []view.Change {
			return []view.Change{rule(t, 1, 5, "deny", "w1", "8.0.0.0/8", "udp/53")}
		}, "w1", "8.8.8.8", "tcp/53", explain.Allowed, explain.ByWayOut, "outside of all networks", "policy=nothing way out=allowed", linkspan.Gateway},
		{"to outside, of an internal network", nil, "c1", "8.8.8.8", "udp/53", explain.Denied, explain.ByWayOut, "internal", "", ""},
		{"to nobody's address", nil, "w1", "127.0.0.1", "udp/53", explain.Denied, explain.ByAttachment, "no host outside", "", ""},
		{"to the gateway", having(gated()), "w1", "10.7.0.1", "tcp/22", explain.Allowed, explain.ByWayOut, "outside of all networks", "policy=nothing way out=allowed", linkspan.Gateway},
		{"echo to the gateway", having(gated()), "w1", "10.7.0.1", "icmp/8", explain.Allowed, explain.ByWayOut, "answers", "way out=allowed", ""},
		{"to the other family", nil, "w1", "2001:db8::1", "tcp/80", explain.Denied, explain.ByAttachment, "one family", "", ""},
	}
}

// answersIn are those about what comes from outside, and what Linkspan does not see.
func answersIn() []answerCase {
	return []answerCase{
		{"from outside", nil, "192.0.2.200", "w1", "tcp/80", explain.Denied, explain.ByWay, "tcp/80 of it is not published", "policy=nothing way out=allowed way=denied", linkspan.Gateway},
		{"from outside, published", having(publish("0.0.0.0:8080-8082->79-81/tcp")), "192.0.2.200", "w1", "tcp/80",
			explain.Allowed, explain.ByWayOut, "outside of all networks", "policy=nothing way out=allowed", linkspan.Gateway},
		{"from outside, published of another protocol", having(publish("0.0.0.0:8080->80/udp")), "192.0.2.200", "w1", "tcp/80",
			explain.Denied, explain.ByWay, "not published", "policy=nothing way out=allowed way=denied", linkspan.Gateway},
		{"from the gateway", having(gated()), "10.7.0.1", "w1", "tcp/80", explain.Allowed, explain.ByWayOut, "outside of all networks", "policy=nothing way out=allowed", linkspan.Gateway},
		{"from outside under an address of a network", nil, "10.8.0.200", "w1", "tcp/80", explain.Denied, explain.ByAttachment, "one that a network holds", "", ""},
		{"from outside into an internal network", nil, "192.0.2.200", "c1", "tcp/80", explain.Denied, explain.ByWayOut, "internal", "", ""},
		{"from outside by policy", func(t *testing.T) []view.Change {
			return []view.Change{rule(t, 1, 5, "allow", "192.0.2.0/24", "w1", "tcp/80")}
		}, "192.0.2.200", "w1", "tcp/80", explain.Denied, explain.ByWay, "not published", "policy=allowed way=denied", linkspan.Gateway},
		{"rejected from outside", func(t *testing.T) []view.Change {
			return []view.Change{rule(t, 1, 5, "reject", "192.0.2.0/24", "w1")}
		}, "192.0.2.200", "w1", "tcp/80", explain.Denied, explain.ByPolicy, "rejects", "policy=rejected", linkspan.Gateway},
		{"outside to outside", nil, "192.0.2.200", "192.0.2.201", "tcp/80", explain.Denied, explain.ByAttachment, "neither", "", ""},
		{"itself", nil, "w1", "w1", "tcp/80", explain.Elsewhere, explain.ByAttachment, "one container", "", ""},
		{"itself by another network", nil, "w1", "172.19.0.4", "tcp/80", explain.Elsewhere, explain.ByAttachment, "one container", "", ""},
		{"overlay", nil, "o1", "o2", "tcp/80", explain.Elsewhere, explain.ByAttachment, "overlay wire", "", "overlay"},
		{"out of an overlay", nil, "o1", "w1", "tcp/80", explain.Denied, explain.ByAttachment, "no way leads out", "", ""},
		{"bridge", nil, "b1", "b2", "tcp/80", explain.Elsewhere, explain.ByAttachment, "network back of driver bridge", "", linkspan.Local},
		{"two bridges", nil, "b1", "b3", "tcp/80", explain.Elsewhere, explain.ByAttachment, "firewall of that host", "", ""},
		{"bridge and network", nil, "b1", "w2", "tcp/80", explain.Denied, explain.ByAttachment, "no group and no link speaks of it", "", ""},
		{"bridge and outside", nil, "b1", "8.8.8.8", "tcp/80", explain.Elsewhere, explain.ByAttachment, "Docker", "", ""},
	}
}
