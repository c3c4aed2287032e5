// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// What lets a route through is told in a word or two, of both directions, and which
// connections of a tracked one pass.
func TestRouteColumns(t *testing.T) {
	rule := func(by, name string) *apiv1.RouteRule { return &apiv1.RouteRule{By: by, Name: name} }
	class := &apiv1.RouteClass{From: "10.7.0.2", To: "10.7.0.3", Ports: "tcp/5432", Policy: "shop-to-db"}
	for name, c := range map[string]struct {
		route                  *apiv1.Route
		rule, tracked, classes string
	}{
		"gone":         {&apiv1.Route{}, "-", "no", "-"},
		"one network":  {&apiv1.Route{Rules: []*apiv1.RouteRule{rule("network", "web"), rule("network", "web")}}, "network web", "no", "-"},
		"each its own": {&apiv1.Route{Rules: []*apiv1.RouteRule{rule("policy", "p"), rule("network", "web")}}, "policy p, network web", "no", "-"},
		"linked":       {&apiv1.Route{Rules: []*apiv1.RouteRule{rule("link", "h1/a h2/b"), rule("link", "h1/a h2/b")}}, "link h1/a h2/b", "no", "-"},
		"tracked": {
			&apiv1.Route{Rules: []*apiv1.RouteRule{rule("policy", ""), rule("policy", "db-closed")}, Tracked: true, Classes: []*apiv1.RouteClass{class, {From: "10.7.0.3", To: "10.7.0.2", Ports: "all"}}},
			"policies, policy db-closed", "yes", "10.7.0.2 -> 10.7.0.3 tcp/5432 (shop-to-db); 10.7.0.3 -> 10.7.0.2 all",
		},
		"nothing allows it": {&apiv1.Route{Rules: []*apiv1.RouteRule{rule("none", ""), rule("none", "")}}, "none", "no", "-"},
	} {
		row := newRouteRow(c.route)
		if got := [3]string{routeRule(row), routeTracked(row), routeClassTexts(row)}; got != [3]string{c.rule, c.tracked, c.classes} {
			t.Errorf("%s: %q", name, got)
		}
	}
}
