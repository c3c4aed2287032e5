// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"slices"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/show"
)

// The loopback interface is everywhere, and so is a route to it or none at all.
func TestItems(t *testing.T) {
	c, err := show.NewCatalogue(Items()...)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range c.Items() {
		if _, err := c.Show(t.Context(), item.Name, nil); err != nil {
			t.Error(err)
		}
	}
	r, err := c.Show(t.Context(), "interfaces", []string{"lo"})
	if err != nil || r.Facts[0].Value != "lo" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := c.Show(t.Context(), "interfaces", []string{"not-there"}); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("no such interface: %v", err)
	}
	counters, err := Counters(t.Context())
	if err != nil || !slices.ContainsFunc(counters, func(c Counter) bool { return c.Name == "lo" }) {
		t.Errorf("%+v, %v", counters, err)
	}
	if slices.Contains(Names(t.Context()), "lo") {
		t.Error("the loopback interface is offered")
	}
}
