// SPDX-License-Identifier: Apache-2.0

package decide_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
)

// orderRule is a policy.
type orderRule struct {
	priority uint16
	action   linkspan.PolicyAction
	ports    string // empty: all
	from     string // container; empty: anyone
}

// judged says what becomes of a packet of a to TCP port 80 of b, in the same network or in
// another, under policies whose numbers begin at 1.
func judged(t *testing.T, same bool, rules []orderRule) decide.Ruling {
	t.Helper()
	b := linkspan.NetworkID(2)
	if same {
		b = 1
	}
	one, two := netip.MustParseAddr("10.1.0.2"), netip.MustParseAddr("10.2.0.3")
	changes := []view.Change{
		view.PutEndpoint(&linkspan.Endpoint{Network: 1, Address: one, Chassis: 1, Port: 1, MAC: linkspan.MAC{2}, Container: "a"}),
		view.PutEndpoint(&linkspan.Endpoint{Network: b, Address: two, Chassis: 1, Port: 2, MAC: linkspan.MAC{2}, Container: "b"}),
		view.PutNetwork(&linkspan.Network{ID: 1, Name: "one"}), view.PutNetwork(&linkspan.Network{ID: 2, Name: "two"}),
	}
	for i, r := range rules {
		p := &linkspan.Policy{ID: linkspan.PolicyID(i + 1), Name: fmt.Sprint(i), Priority: r.priority, Action: r.action}
		if r.from != "" {
			p.From = []linkspan.Selector{{Endpoint: r.from}}
		}
		if r.ports != "" {
			ports, err := linkspan.ParsePolicyPorts(r.ports)
			if err != nil {
				t.Fatal(err)
			}
			p.Ports = []linkspan.PolicyPorts{ports}
		}
		changes = append(changes, view.PutPolicy(p))
	}
	v, _ := new(view.View).Apply(changes...)
	from, to := view.PartyOf(v.Endpoint(view.Key{Network: 1, Address: one})), view.PartyOf(v.Endpoint(view.Key{Network: b, Address: two}))
	otherwise, _ := decide.Otherwise(v, from, to)
	return new(decide.Memo).Rules(v, from, to, otherwise).Judge(linkspan.ProtocolTCP, 80)
}

// TestOrderOfPolicies is the part of the order of decision (docs/guide/policies.md)
// that policies have, row by row: two endpoints, the policies that there are, and
// what becomes of a packet to TCP port 80.
func TestOrderOfPolicies(t *testing.T) {
	const (
		allow, deny, reject = linkspan.PolicyAllow, linkspan.PolicyDeny, linkspan.PolicyReject
		same, other         = "same network", "other network"
	)
	for i, c := range []struct {
		where string
		rules []orderRule
		want  linkspan.PolicyAction
		by    int // which of the rules; -1: none
	}{
		{same, nil, allow, -1},
		{other, nil, deny, -1},
		{same, []orderRule{{0, deny, "", ""}}, deny, 0},
		{other, []orderRule{{0, allow, "", ""}}, allow, 0},
		{same, []orderRule{{0, reject, "tcp/80", "a"}}, reject, 0},
		{same, []orderRule{{0, deny, "", "b"}}, allow, -1},
		{same, []orderRule{{0, deny, "tcp/81", ""}}, allow, -1},
		{same, []orderRule{{0, deny, "udp/80", ""}}, allow, -1},
		{same, []orderRule{{1, deny, "", ""}, {2, allow, "", ""}}, allow, 1},
		{other, []orderRule{{1, deny, "", ""}, {2, allow, "tcp", "a"}}, allow, 1},
		{same, []orderRule{{2, deny, "", "a"}, {1, allow, "tcp/80", "a"}}, deny, 0},
		{same, []orderRule{{5, allow, "tcp/80", "a"}, {5, deny, "", ""}}, deny, 1},
		{same, []orderRule{{5, allow, "", ""}, {5, reject, "tcp/80-90", ""}}, reject, 1},
		{same, []orderRule{{5, reject, "", ""}, {5, deny, "tcp", "a"}}, deny, 1},
		{same, []orderRule{{5, deny, "tcp/443", ""}, {5, reject, "udp", ""}, {4, allow, "tcp/80", "a"}, {3, deny, "", ""}}, allow, 2},
		{other, []orderRule{{65535, allow, "tcp/80", "b"}, {1, allow, "tcp/80", "a"}, {0, deny, "", ""}}, allow, 1},
		{other, []orderRule{{0, reject, "", ""}}, reject, 0},
	} {
		got := judged(t, c.where == same, c.rules)
		by := -1
		if got.Policy != nil {
			by = int(got.Policy.ID) - 1
		}
		if got.Action != c.want || by != c.by {
			t.Errorf("%d %s: got %s by %d, want %s by %d", i, c.where, got.Action, by, c.want, c.by)
		}
	}
}
