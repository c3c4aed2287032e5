// SPDX-License-Identifier: Apache-2.0

package view

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/linkspan/linkspan"
)

func labelled(host byte, labels map[string]string) *linkspan.Endpoint {
	return &linkspan.Endpoint{
		Network: 1, Address: netip.AddrFrom4([4]byte{10, 7, 0, host}), Chassis: linkspan.ChassisID(host%2 + 1), Port: uint32(host), MAC: linkspan.MAC{2},
		Container: fmt.Sprintf("c%d", host), Labels: labels,
	}
}

func byLabels(id linkspan.PolicyID, labels map[string]string) *linkspan.Policy {
	return &linkspan.Policy{ID: id, Name: fmt.Sprint(id), Action: linkspan.PolicyDeny, To: []linkspan.Selector{{Labels: labels, Network: "web"}}}
}

func webNetwork() Change {
	return PutNetwork(&linkspan.Network{ID: 1, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24")})
}

func shop(networks ...linkspan.NetworkID) Change {
	return PutGroup(&linkspan.Group{Name: "shop", Networks: networks})
}

func addresses(endpoints []*linkspan.Endpoint) (out []string) {
	for _, e := range endpoints {
		out = append(out, e.Address.String())
	}
	return out
}

// TestPolicyGeneration: it changes with what may select a known endpoint otherwise,
// and not with endpoints, which come and go all the time.
func TestPolicyGeneration(t *testing.T) {
	v := new(View)
	for i, c := range []struct {
		change  Change
		another bool
	}{
		{webNetwork(), true},
		{PutChassis(&linkspan.Chassis{ID: 1, Name: "h1"}), true},
		{PutChassis(&linkspan.Chassis{ID: 1, Name: "h1", Version: "2"}), false},
		{PutEndpoint(labelled(2, nil)), false},
		{PutPolicy(byLabels(1, map[string]string{"app": "db"})), true},
		{PutPolicy(byLabels(1, map[string]string{"app": "db"})), false},
		{PutEndpoint(labelled(2, map[string]string{"app": "db"})), false},
		{PutNetwork(&linkspan.Network{ID: 1, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24"), Removing: true}), false},
		{shop(1), true},
		{shop(1), false},
		{RemoveGroup("shop"), true},
		{RemovePolicy(2), false},
		{RemovePolicy(1), true},
		{RemoveChassis(1), true},
		{RemoveNetwork(1), true},
	} {
		next, _ := v.Apply(c.change)
		if got := next.PolicyGeneration() != v.PolicyGeneration(); got != c.another {
			t.Errorf("change %d: another generation: %t", i, got)
		}
		v = next
	}
}

func TestPoliciesAreInTheDelta(t *testing.T) {
	v, delta := new(View).Apply(PutPolicy(byLabels(1, map[string]string{"app": "db"})), shop(1, 2))
	if delta.Empty() || len(delta.Policies) != 1 || delta.Policies[0].Old != nil || len(delta.Groups) != 1 {
		t.Errorf("got %+v", delta)
	}
	next, delta := v.Apply(RemovePolicy(1), shop(2))
	if len(delta.Policies) != 1 || delta.Policies[0].New != nil || len(delta.Groups) != 1 {
		t.Errorf("got %+v", delta)
	}
	if v.CountPolicies() != 1 || next.CountPolicies() != 0 || v.Policy(1) == nil || next.Policy(1) != nil {
		t.Error("an earlier View is changed")
	}
	if _, delta = next.Apply(shop(2), RemovePolicy(1)); !delta.Empty() {
		t.Errorf("nothing changes, and yet %+v", delta)
	}
}

// TestSelectedIsNoMore: whom a change of a policy concerns, by the side that fewer
// are on, in both its records.
func TestSelectedIsNoMore(t *testing.T) {
	app := func(name string) map[string]string { return map[string]string{"app": name} }
	v, _ := new(View).Apply(webNetwork(), PutEndpoint(labelled(2, app("db"))), PutEndpoint(labelled(3, app("web"))),
		PutEndpoint(labelled(4, app("web"))), PutEndpoint(labelled(5, nil)), PutPolicy(byLabels(1, app("db"))))
	changed := byLabels(1, app("web"))
	for name, c := range map[string]struct {
		change Change
		want   []string
	}{
		"another label": {PutPolicy(changed), []string{"10.7.0.2", "10.7.0.3", "10.7.0.4"}},
		"removed":       {RemovePolicy(1), []string{"10.7.0.2"}},
		"a new one": {PutPolicy(&linkspan.Policy{
			ID: 2, Action: linkspan.PolicyAllow, From: []linkspan.Selector{{Labels: app("web")}}, To: []linkspan.Selector{{Endpoint: "c5"}},
		}), []string{"10.7.0.5"}},
		"from outside": {PutPolicy(&linkspan.Policy{
			ID: 2, Action: linkspan.PolicyAllow, From: []linkspan.Selector{{CIDR: netip.MustParsePrefix("192.0.2.0/24")}}, To: []linkspan.Selector{{Endpoint: "c5"}},
		}), []string{"10.7.0.5"}},
		"about everybody": {PutPolicy(&linkspan.Policy{ID: 2, Action: linkspan.PolicyDeny}), []string{"10.7.0.2", "10.7.0.3", "10.7.0.4", "10.7.0.5"}},
	} {
		next, delta := v.Apply(c.change)
		if got := addresses(Selected(v, next, delta.Policies...).Endpoints); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// TestACrowdedLabel: policies that ask for one label of everybody hang on something
// else as well, and select as before.
func TestACrowdedLabel(t *testing.T) {
	v, _ := new(View).Apply(webNetwork(), PutEndpoint(labelled(2, map[string]string{"env": "prod"})))
	for id := range linkspan.PolicyID(3 * crowded) {
		v, _ = v.Apply(PutPolicy(byLabels(id+1, map[string]string{"env": "prod"})))
	}
	_, to := v.AppendRules(nil, nil, PartyOf(v.Endpoint(Key{1, netip.MustParseAddr("10.7.0.2")})))
	if len(to) != 3*crowded || !slices.IsSortedFunc(to, (*Rule).Compare) {
		t.Errorf("%d of %d policies select it", len(to), 3*crowded)
	}
	h, _ := v.policies.hooks.Get(hookKey{kind: byLabel, name: "env", value: "prod"})
	if n := h.count(); n > 2*crowded {
		t.Errorf("%d hang on one label", n)
	}
	for id := range linkspan.PolicyID(3 * crowded) {
		v, _ = v.Apply(RemovePolicy(id + 1))
	}
	if p := &v.policies; p.hooks.Len() != 0 || p.labelled != 0 || p.lengths.Len() != 0 || p.rules.Len() != 0 || p.open.Len() != 0 {
		t.Errorf("left: %+v", p)
	}
}
