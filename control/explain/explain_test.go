// SPDX-License-Identifier: Apache-2.0

package explain_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/explain"
	"github.com/linkspan/linkspan/control/view"
)

// The networks of the tests. twin has the addresses of web, far must go directly.
var networks = []linkspan.Network{
	{ID: 1, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24"), Idle: linkspan.DefaultIdle},
	{ID: 2, Name: "db", Subnet: netip.MustParsePrefix("10.8.0.0/24"), Idle: linkspan.DefaultIdle},
	{ID: 3, Name: "twin", Subnet: netip.MustParsePrefix("10.7.0.0/24"), Idle: linkspan.DefaultIdle},
	{ID: 4, Name: "closed", Subnet: netip.MustParsePrefix("10.9.0.0/24"), Idle: linkspan.DefaultIdle, Internal: true},
	{ID: 5, Name: "wire", Subnet: netip.MustParsePrefix("10.10.0.0/24"), Driver: linkspan.Overlay, Idle: linkspan.DefaultIdle},
	{ID: 6, Name: "far", Subnet: netip.MustParsePrefix("10.11.0.0/24"), Idle: linkspan.DefaultIdle, Transport: linkspan.Direct},
}

// who is in them: container, network, last byte of the address, chassis.
var endpoints = []struct {
	name    string
	network linkspan.NetworkID
	last    byte
	on      linkspan.ChassisID
}{
	{"w1", 1, 2, 1}, {"w2", 1, 3, 2}, {"w3", 1, 4, 3}, {"w4", 1, 5, 1}, {"d1", 2, 2, 2},
	{"c1", 4, 2, 1}, {"o1", 5, 2, 1}, {"o2", 5, 3, 2}, {"f1", 6, 2, 1}, {"f2", 6, 3, 2}, {"", 1, 77, 1},
}

const twin linkspan.NetworkID = 3

// twins are a network with the addresses of another, and two in it.
func twins(more ...view.Change) []view.Change {
	for i, name := range []string{"t1", "t2"} {
		more = append(more, view.PutEndpoint(&linkspan.Endpoint{
			Network: twin, Address: netip.AddrFrom4([4]byte{10, 7, 0, byte(9 - 6*i)}), Chassis: linkspan.ChassisID(i + 1), Port: uint32(40 + i),
			Container: name, MAC: linkspan.MAC{2, 3, 0, 0, 0, byte(i)},
		}))
	}
	return append(more, view.PutNetwork(&networks[twin-1]))
}

// world is three hosts, the third in another site.
func world(t *testing.T, changes ...view.Change) *view.View {
	t.Helper()
	var all []view.Change
	for i := range networks {
		if networks[i].ID != twin {
			all = append(all, view.PutNetwork(&networks[i]))
		}
	}
	for i, site := range []string{"", "", "elsewhere"} {
		all = append(all, view.PutChassis(&linkspan.Chassis{
			ID: linkspan.ChassisID(i + 1), Name: fmt.Sprint("h", i+1), Underlay: netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}), MTU: 1500, Site: site,
		}))
	}
	for i, w := range endpoints {
		n := networks[w.network-1]
		four := n.Subnet.Addr().As4()
		four[3] = w.last
		e := &linkspan.Endpoint{
			Network: w.network, Address: netip.AddrFrom4(four), Chassis: w.on, Container: w.name, MAC: linkspan.MAC{2, 0, 0, 0, 0, byte(i + 1)},
		}
		if e.Driver = n.Driver; e.Driver == "" {
			e.Port = uint32(10 + i)
		}
		all = append(all, view.PutEndpoint(e))
	}
	all = append(all,
		view.PutEndpoint(&linkspan.Endpoint{Network: 1, Address: netip.MustParseAddr("10.7.0.99"), Chassis: 1}), // reserved
		view.PutLocalNetwork(&linkspan.LocalNetwork{Chassis: 1, ID: "n1", Name: "back", Driver: "bridge"}),
		view.PutLocalNetwork(&linkspan.LocalNetwork{Chassis: 1, ID: "n2", Name: "lone", Driver: "bridge"}),
		view.PutLocalEndpoint(&linkspan.LocalEndpoint{Chassis: 1, ID: "e1", Network: "n1", Container: "b1", Address: netip.MustParseAddr("172.18.0.2")}),
		view.PutLocalEndpoint(&linkspan.LocalEndpoint{Chassis: 1, ID: "e2", Network: "n1", Container: "b2", Address: netip.MustParseAddr("172.18.0.3")}),
		view.PutLocalEndpoint(&linkspan.LocalEndpoint{Chassis: 1, ID: "e3", Network: "n2", Container: "b3", Address: netip.MustParseAddr("172.19.0.3")}),
		view.PutLocalEndpoint(&linkspan.LocalEndpoint{Chassis: 1, ID: "e4", Network: "n2", Container: "w1", Address: netip.MustParseAddr("172.19.0.4")}),
	)
	v, _ := new(view.View).Apply(append(all, changes...)...)
	return v
}

// end finds a container, or makes an end of an address.
func end(t *testing.T, v *view.View, name string) explain.End {
	t.Helper()
	for e := range v.Endpoints() {
		if name != "" && e.Container == name || e.Address.String() == name {
			return explain.At(e)
		}
	}
	for e := range v.LocalEndpoints(1) {
		if e.Container == name || e.Address.String() == name {
			return explain.End{Party: view.Party{Address: e.Address}, Local: e, Network: v.LocalNetwork(1, e.Network)}
		}
	}
	return explain.End{Party: view.Outside(netip.MustParseAddr(name))}
}

func question(t *testing.T, v *view.View, from, to, ports string) explain.Question {
	t.Helper()
	p, err := linkspan.ParsePolicyPorts(ports)
	if err != nil {
		t.Fatal(err)
	}
	q := explain.Question{From: end(t, v, from), To: end(t, v, to), Protocol: p.Protocol}
	if linkspan.Ported(p.Protocol) || linkspan.Typed(p.Protocol) {
		q.Port = p.First
	}
	return q
}

func group(ids ...linkspan.NetworkID) view.Change {
	g := linkspan.Group{Name: "shop"}
	for _, id := range ids {
		g = g.With(id)
	}
	return view.PutGroup(&g)
}

func link(v linkspan.LinkVerdict, a, b linkspan.LinkEnd) view.Change {
	l := linkspan.LinkOf(a, b, v)
	return view.PutLink(&l)
}

func on(c linkspan.ChassisID, name string) linkspan.LinkEnd {
	return linkspan.LinkEnd{Chassis: c, Container: name}
}

// rule makes a policy: priority, action, from, to, ports; any names nobody.
func rule(t *testing.T, id linkspan.PolicyID, priority uint16, action, from, to string, ports ...string) view.Change {
	t.Helper()
	p := &linkspan.Policy{ID: id, Name: fmt.Sprint("p", id), Priority: priority}
	var err error
	if p.Action, err = linkspan.ParsePolicyAction(action); err != nil {
		t.Fatal(err)
	}
	side := func(name string) []linkspan.Selector {
		switch {
		case name == "any":
			return nil
		case strings.Contains(name, "/"):
			return []linkspan.Selector{{CIDR: netip.MustParsePrefix(name)}}
		}
		return []linkspan.Selector{{Network: "nowhere"}, {Endpoint: name}}
	}
	p.From, p.To = side(from), side(to)
	for _, text := range ports {
		one, err := linkspan.ParsePolicyPorts(text)
		if err != nil {
			t.Fatal(err)
		}
		p.Ports = append(p.Ports, one)
	}
	return view.PutPolicy(p)
}

// publish has w1 publish a port, or some.
func publish(ports string) view.Change {
	return view.PutEndpoint(&linkspan.Endpoint{
		Network: 1, Address: netip.MustParseAddr("10.7.0.2"), Chassis: 1, Container: "w1", MAC: linkspan.MAC{2, 0, 0, 0, 0, 1}, Port: 10, Published: []string{ports},
	})
}

// stepsText writes who was asked: rule=what it says.
func stepsText(a *explain.Answer) string {
	var list []string
	for _, s := range a.Steps {
		list = append(list, string(s.Rule)+"="+s.Says)
	}
	return strings.Join(list, " ")
}

func TestPlacesInPolicies(t *testing.T) {
	v := world(t, rule(t, 1, 5, "allow", "w1", "d1", "udp/53", "tcp/80-90"), rule(t, 2, 9, "deny", "w1", "any", "tcp/22"))
	a := explain.Ask(v, question(t, v, "w1", "d1", "tcp/85"))
	if got := fmt.Sprint(a.Policy.Name, a.Places, a.Tracked, a.Class, a.Path.MTU); got != "p000001[spec.from[1] spec.to[1] spec.ports[1]] true tcp/80-87 1450" {
		t.Errorf("got %s", got)
	}
	if got := a.Steps[1].Detail; got != "p000002 (priority 9) is about tcp/22" {
		t.Errorf("got %q", got)
	}
	back := explain.Ask(v, question(t, v, "d1", "w1", "tcp/85"))
	if back.Verdict != explain.Denied || back.Rule != explain.ByNobody {
		t.Errorf("the other way: %+v", back)
	}
}
