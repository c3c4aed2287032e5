// SPDX-License-Identifier: Apache-2.0

package view

import (
	"fmt"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
)

// TestReaching: as long as nothing is said to alter it, all networks lead where they led.
func TestReaching(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, _ := new(View).Apply(PutChassis(&linkspan.Chassis{ID: 1, Name: "h1"}), PutChassis(&linkspan.Chassis{ID: 2, Name: "h2"}))
		told, leads := v.Reaching(), reachOf(v)
		for range rapid.IntRange(1, 60).Draw(t, "changes") {
			v, _ = v.Apply(reachChange(t))
			now := v.Reaching()
			got := reachOf(v)
			if !now.Alters(told) && got != leads {
				t.Fatalf("it is not said to alter, and is\n%s\nafter\n%s", got, leads)
			}
			told, leads = now, got
		}
	})
}

// TestReachingOfOthers: what has nothing to do with where networks lead alters nothing.
func TestReachingOfOthers(t *testing.T) {
	l := linkspan.LinkOf(linkspan.LinkEnd{Chassis: 1, Container: "a"}, linkspan.LinkEnd{Chassis: 2, Container: "b"}, linkspan.LinkAllow)
	v, _ := new(View).Apply(PutChassis(&linkspan.Chassis{ID: 1, Name: "h1"}), PutNetwork(joined(5, 1, "back", "172.18.0.0/16")), webNetwork(), PutLink(&l))
	put := func(container string) Change {
		e := labelled(2, map[string]string{"app": container})
		e.Container = container
		return PutEndpoint(e)
	}
	others, _ := v.Apply(put("other"), PutPaths(&linkspan.Paths{From: 1, To: []linkspan.ChassisID{2}}))
	if others.Reaching().Alters(v.Reaching()) {
		t.Error("a container that no link is about alters it")
	}
	linked, _ := others.Apply(put("a"))
	if !linked.Reaching().Alters(others.Reaching()) {
		t.Error("one that a link is about does not")
	}
}

// reachOf writes where the networks of single hosts lead.
func reachOf(v *View) (text string) {
	for id := linkspan.NetworkID(1); id <= 5; id++ {
		if n := v.Network(id); n != nil && n.Driver == linkspan.Bridge {
			text += fmt.Sprintln(n.Name, n.Local, v.Reach(n))
		}
	}
	return text
}

// reachChange is a change that may concern it, or not.
func reachChange(t *rapid.T) Change {
	id := linkspan.NetworkID(rapid.IntRange(1, 5).Draw(t, "network"))
	end := func(what string) linkspan.LinkEnd {
		return linkspan.LinkEnd{Chassis: linkspan.ChassisID(rapid.IntRange(1, 2).Draw(t, what)), Container: rapid.SampledFrom([]string{"a", "b"}).Draw(t, what+" container")}
	}
	gone := rapid.IntRange(0, 3).Draw(t, "gone") == 0
	switch rapid.SampledFrom([]string{"network", "group", "link", "policy", "endpoint", "endpoint", "local"}).Draw(t, "what") {
	case "network":
		if gone {
			return RemoveNetwork(id)
		}
		if id <= 2 {
			return PutNetwork(joined(id, linkspan.ChassisID(id), "back", fmt.Sprintf("172.18.%d.0/24", id)))
		}
		n := linkspan.Network{ID: id, Name: fmt.Sprint("n", id), Subnet: netip.MustParsePrefix(fmt.Sprintf("10.%d.0.0/24", id)), Internal: rapid.Bool().Draw(t, "internal")}
		return PutNetwork(&n)
	case "group":
		if gone {
			return RemoveGroup("g")
		}
		return PutGroup(&linkspan.Group{Name: "g", Networks: []linkspan.NetworkID{id}})
	case "link":
		l := linkspan.LinkOf(end("a"), end("b"), rapid.SampledFrom([]linkspan.LinkVerdict{linkspan.LinkAllow, linkspan.LinkDeny}).Draw(t, "verdict"))
		if gone || l.A.Same(l.B) {
			return RemoveLink(l.A, l.B)
		}
		return PutLink(&l)
	case "policy":
		if gone {
			return RemovePolicy(1)
		}
		p := &linkspan.Policy{ID: 1, Name: "p", Action: linkspan.PolicyAllow}
		p.To = []linkspan.Selector{{Network: rapid.SampledFrom([]string{"n3", "n4", "h1/back"}).Draw(t, "to")}}
		return PutPolicy(p)
	case "local":
		at := end("local")
		e := onBridge(at.Chassis, "one", "back", fmt.Sprintf("172.18.%d.2", at.Chassis), 65000)
		e.Container = at.Container
		return PutLocalEndpoint(e)
	}
	at := netip.AddrFrom4([4]byte{10, byte(id), 0, 2})
	if gone {
		return RemoveEndpoint(id, at)
	}
	of := end("endpoint")
	return PutEndpoint(&linkspan.Endpoint{Network: id, Address: at, Chassis: of.Chassis, Container: of.Container, Port: uint32(id), MAC: linkspan.MAC{2, byte(id)}})
}
