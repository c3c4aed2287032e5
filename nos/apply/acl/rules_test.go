// SPDX-License-Identifier: Apache-2.0

package acl

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

func configured(t testing.TB, commands ...string) *tree.Tree {
	t.Helper()
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	next, err := tree.New(s).Merge(tree.Commands, []byte(strings.Join(commands, "\n")+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// offices has two VLANs with lists.
func offices(t testing.TB, more ...string) *tree.Tree {
	t.Helper()
	return configured(t, append([]string{
		"set vlans 10 interface address 192.0.2.1/26", "set vlans 10 interface acl-in offices",
		"set vlans 20 interface address 192.0.2.65/26", "set vlans 20 interface acl-out guard",
		"set acls offices default permit", "set acls unused default permit",
		"set acls offices rules 100 action deny", "set acls offices rules 100 protocol tcp", "set acls offices rules 100 destination-port 1-1023",
		"set acls offices rules 20 action permit", "set acls offices rules 20 source 192.0.2.0/26", "set acls offices rules 20 protocol tcp", "set acls offices rules 20 destination-port 443",
		"set acls guard rules 1 action permit", "set acls guard rules 1 protocol icmp", "set acls guard rules 1 destination 192.0.2.64/26",
		"set ports eth1 mode trunk", "set ports up bond member eth2", "set ports up bond member eth3",
	}, more...)...)
}

func TestRulesAreInTheOrderOfTheirNumbers(t *testing.T) {
	r := of(offices(t))
	want := map[string][]string{
		"stack": {shield}, "in": {inText}, "out": {outText},
		"list-offices": {"permit tcp from 192.0.2.0/26 to any port 443", "deny tcp from any to any ports 1-1023", "otherwise permit"},
		"list-guard":   {"permit icmp from any to 192.0.2.64/26", "otherwise deny"},
	}
	if diff := cmp.Diff(want, r.texts()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"eth1", "eth2", "eth3"}, r.ports); diff != "" {
		t.Error(diff)
	}
}

func TestStepsSayWhatChanges(t *testing.T) {
	before := offices(t)
	for command, want := range map[string][]string{
		"set vlans 10 interface acl-out guard": {"vlan10: access list guard for what goes out"},
		"set acls guard rules 2 action deny":   {"access list guard: 2 rules"},
		"set acls unused rules 2 action deny":  nil,
		"set vlans 10 description x":           nil,
		"set system hostname x":                nil,
	} {
		after := offices(t, command)
		p, err := New(Options{}).Plan(t.Context(), before, after)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, p.Steps()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", command, diff)
		}
	}
}

func TestWhatIsRoutedIsLetThroughTheFirewallOfOthers(t *testing.T) {
	var told [][]string
	part := New(Options{Admit: func(devices []string) error { told = append(told, devices); return nil }})
	p, err := part.Plan(t.Context(), configured(t), configured(t, "set vlans 20 interface address 192.0.2.1/26", "set vlans 10 description x"))
	if err != nil {
		t.Fatal(err)
	}
	for _, do := range []func(context.Context) error{p.Apply, p.Apply, p.Undo} {
		if err := do(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([][]string{{"vlan20"}, nil}, told); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNobodyIsAskedAgainAboutNothing(t *testing.T) {
	asked, refused := 0, error(nil)
	part := New(Options{Admit: func([]string) error { asked++; return refused }})
	looks := func(want int) {
		t.Helper()
		asked = 0
		part.look()
		part.look()
		if asked != want {
			t.Errorf("asked %d times of 2", asked)
		}
	}
	looks(0) // nothing is known yet
	part.admit(nil)
	looks(0)
	part.admit([]string{"vlan20"})
	looks(2)
	refused = errors.New("no")
	part.admit(nil)
	looks(2) // vlan20 may still be let through
	refused = nil
	looks(1)
}
