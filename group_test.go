// SPDX-License-Identifier: Apache-2.0

package linkspan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
)

func TestGroupKeepsItsNetworksInOrder(t *testing.T) {
	g := linkspan.Group{Name: "shop"}
	for _, id := range []linkspan.NetworkID{9, 3, 7, 3} {
		g = g.With(id)
	}
	whole := g
	if want := []linkspan.NetworkID{3, 7, 9}; !slices.Equal(g.Networks, want) || g.Validate() != nil {
		t.Fatalf("got %v, %v", g.Networks, g.Validate())
	}
	if g = g.Without(7); !slices.Equal(g.Networks, []linkspan.NetworkID{3, 9}) || g.Has(7) || !g.Has(9) {
		t.Fatalf("got %v", g.Networks)
	}
	if g = g.Without(7); len(g.Networks) != 2 {
		t.Fatal("what is not there was taken away")
	}
	if !slices.Equal(whole.Networks, []linkspan.NetworkID{3, 7, 9}) {
		t.Fatalf("another copy changed: %v", whole.Networks)
	}
}

func TestGroupValidate(t *testing.T) {
	many := linkspan.Group{Name: "many"}
	for id := range linkspan.NetworkID(linkspan.MaxGroupNetworks + 1) {
		many = many.With(id + 1)
	}
	for name, g := range map[string]linkspan.Group{
		"no name":      {},
		"a bad name":   {Name: "a b"},
		"order":        {Name: "a", Networks: []linkspan.NetworkID{2, 1}},
		"twice":        {Name: "a", Networks: []linkspan.NetworkID{2, 2}},
		"zero":         {Name: "a", Networks: []linkspan.NetworkID{0}},
		"too great":    {Name: "a", Networks: []linkspan.NetworkID{linkspan.MaxNetworkID + 1}},
		"too many":     many,
		"large labels": {Name: "a", Labels: map[string]string{"k": strings.Repeat("x", linkspan.MaxLabelBytes)}},
	} {
		if g.Validate() == nil {
			t.Errorf("%s: not refused", name)
		}
	}
}

func TestLinkIsOneInEitherOrder(t *testing.T) {
	a, b := linkspan.LinkEnd{Chassis: 1, Container: "web"}, linkspan.LinkEnd{Chassis: 1, Container: "db", Network: 7}
	l := linkspan.LinkOf(a, b, linkspan.LinkDeny)
	if l != linkspan.LinkOf(b, a, linkspan.LinkDeny) || l.A != b {
		t.Fatalf("got %+v", l)
	}
	if err := l.Validate(); err != nil {
		t.Fatal(err)
	}
	web := &linkspan.Endpoint{Chassis: 1, Container: "web", Network: 3}
	db, other := &linkspan.Endpoint{Chassis: 1, Container: "db", Network: 7}, &linkspan.Endpoint{Chassis: 1, Container: "db", Network: 8}
	if !l.Joins(web, db) || !l.Joins(db, web) || l.Joins(web, other) || l.Joins(web, web) {
		t.Fatal("it is about others than it says")
	}
}

func TestLinkValidate(t *testing.T) {
	c := func(name string) linkspan.LinkEnd { return linkspan.LinkEnd{Chassis: 1, Container: name} }
	good := linkspan.LinkOf(c("a"), c("b"), linkspan.LinkAllow)
	swapped := linkspan.Link{A: good.B, B: good.A, Verdict: linkspan.LinkAllow}
	for name, l := range map[string]linkspan.Link{
		"one container":   linkspan.LinkOf(c("a"), linkspan.LinkEnd{Chassis: 1, Container: "a", Network: 7}, linkspan.LinkDeny),
		"no name":         linkspan.LinkOf(c(""), c("b"), linkspan.LinkDeny),
		"a slash":         linkspan.LinkOf(c("a/x"), c("b"), linkspan.LinkDeny),
		"a control":       linkspan.LinkOf(c("a\n"), c("b"), linkspan.LinkDeny),
		"long":            linkspan.LinkOf(c(strings.Repeat("x", linkspan.MaxLinkName+1)), c("b"), linkspan.LinkDeny),
		"no chassis":      linkspan.LinkOf(linkspan.LinkEnd{Container: "a"}, c("b"), linkspan.LinkDeny),
		"no verdict":      linkspan.LinkOf(c("a"), c("b"), ""),
		"another verdict": linkspan.LinkOf(c("a"), c("b"), "reject"),
		"the wrong order": swapped,
	} {
		if l.Validate() == nil {
			t.Errorf("%s: not refused", name)
		}
	}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
}
