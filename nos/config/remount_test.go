// SPDX-License-Identifier: Apache-2.0

package config

import (
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

const ospf = `nodes:
  ospf:
    help: OSPF
    nodes:
      router-id: {type: address-v4, help: Name of the router, example: 192.0.2.1}
`

func TestRemount(t *testing.T) {
	s, host, disk := base(t), &fakeHost{}, newDisk()
	m := open(t, s, disk, host)
	commit(t, m, "set vlans 10", Commit{})
	open1 := m.Edit(bob)
	edit(t, open1, "set vlans 20")
	with, err := s.Mount(schema.Source{Name: "routing", Place: "/protocols", Text: []byte(ospf)})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Remount(t.Context(), with); err != nil {
		t.Fatal(err)
	}
	if host.applied != 1 || text(m) != oldText {
		t.Errorf("something was done: %d, %q", host.applied, text(m))
	}
	commit(t, m, "set protocols ospf router-id 192.0.2.1", Commit{})
	if _, err := open1.Commit(t.Context(), Commit{}); err != nil {
		t.Fatal(err)
	}
	const all = newText + "set protocols ospf router-id 192.0.2.1\n"
	if host.text() != all {
		t.Errorf("the host has %q", host.text())
	}
	if err := m.Remount(t.Context(), s); linkspan.CodeOf(err) != linkspan.InUse || text(m) != all {
		t.Errorf("unmounting what is configured: %v", err)
	}
	commit(t, m, "delete protocols", Commit{})
	edit(t, open1, "set protocols ospf router-id 192.0.2.2")
	if err := m.Remount(t.Context(), s); linkspan.CodeOf(err) != linkspan.InUse {
		t.Errorf("unmounting what somebody edits: %v", err)
	}
	open1.Discard()
	if err := m.Remount(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := open1.Merge(tree.Commands, []byte("set protocols ospf router-id 192.0.2.2")); err == nil {
		t.Error("what was unmounted can be set")
	}
	if again := open(t, s, disk, host); text(again) != newText || again.Fault() != nil {
		t.Errorf("after a start: %q, %v", text(again), again.Fault())
	}
}
