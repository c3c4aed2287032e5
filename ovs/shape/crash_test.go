// SPDX-License-Identifier: Apache-2.0

package shape

import (
	"strings"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// A process that dies between any two steps of Create leaves what a sweep finds
// by the prefixes of ports and inner ends, what Delete removes, and what does not
// hinder another Create.
func TestCrashInCreate(t *testing.T) {
	ovstest.Need(t)
	v := netns.Veth{Host: "lsh-crash", Peer: "lsp-crash", MTU: 1450}
	limits := linkspan.Limits{Egress: linkspan.Megabit, Ingress: linkspan.Megabit}
	crash := func(after int) {
		t.Helper()
		for _, do := range steps(t.Context(), v, limits)[:after] {
			if err := do(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for after := range len(steps(t.Context(), v, limits)) + 1 {
		crash(after)
		for _, l := range veths(t) {
			if name := l.Attrs().Name; strings.HasPrefix(name, "lsh-") || strings.HasPrefix(name, Inner("lsh-")) {
				if err := netns.DeleteLink(t.Context(), l); err != nil {
					t.Error(err)
				}
			}
		}
		wantNone(t, "a sweep", after)

		crash(after)
		if err := Delete(t.Context(), v.Host); err != nil {
			t.Error(err)
		}
		wantNone(t, "Delete", after)

		crash(after)
		if err := Create(t.Context(), v, limits); err != nil {
			t.Errorf("after %d steps: %v", after, err)
		}
		if n, err := Mend(t.Context(), map[string]linkspan.Limits{v.Host: limits}); err != nil || len(n) != 0 {
			t.Errorf("after %d steps and another Create, %q is not as it should be, %v", after, n, err)
		}
		if err := Delete(t.Context(), v.Host); err != nil {
			t.Error(err)
		}
		wantNone(t, "Create and Delete", after)
	}
}

func veths(t *testing.T) (found []netlink.Link) {
	t.Helper()
	all, err := netns.Dump(t.Context(), netlink.LinkList)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		if l.Type() == "veth" {
			found = append(found, l)
		}
	}
	return found
}

func wantNone(t *testing.T, what string, after int) {
	t.Helper()
	for _, l := range veths(t) {
		t.Errorf("%s leaves %s of a crash after %d steps", what, l.Attrs().Name, after)
	}
}
