// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/linkspan/linkspan/wire/openflow"
)

// told sends a bridge messages as a controller does, and returns its answers.
func told(t *testing.T, b *Bridge, messages ...openflow.Encoder) (answers []openflow.Message) {
	t.Helper()
	c := &channel{Bridge: b}
	for i, m := range messages {
		if err := c.take(openflow.Message(m.Append(nil, uint32(i+1)))); err != nil {
			t.Fatal(err)
		}
	}
	for out := c.out; len(out) > 0; {
		m, rest, err := openflow.SplitMessage(out)
		if err != nil {
			t.Fatal(err)
		}
		answers, out = append(answers, m), rest
	}
	return answers
}

func add(port uint32, cookie uint64) *openflow.FlowMod {
	var m openflow.Match
	m.InPort(port)
	return &openflow.FlowMod{TableID: 1, Priority: 10, Cookie: cookie, Match: m.View()}
}

func remove(port uint32, cookie, mask uint64) *openflow.FlowMod {
	m := add(port, cookie)
	if port == 0 {
		m.Match = nil
	}
	m.Command, m.CookieMask, m.TableID = openflow.FlowDelete, mask, openflow.TableAll
	return m
}

// dumped returns the cookies of a bridge's flows by port.
func dumped(t *testing.T, b *Bridge, r *openflow.FlowRequest) map[uint32]uint64 {
	t.Helper()
	found := map[uint32]uint64{}
	answers := told(t, b, r)
	for i, m := range answers {
		var mp openflow.Multipart
		if err := mp.DecodeReply(m); err != nil {
			t.Fatal(err)
		}
		if mp.More != (i < len(answers)-1) {
			t.Errorf("answer %d of %d says more %t", i+1, len(answers), mp.More)
		}
		for body := mp.Body; len(body) > 0; {
			var f openflow.FlowStats
			var err error
			if body, err = f.Next(body); err != nil {
				t.Fatal(err)
			}
			found[f.Match.InPort()] = f.Cookie
		}
	}
	return found
}

func TestBridgeKeepsItsFlows(t *testing.T) {
	b := newBridge(1, new(Fleet))
	var all []openflow.Encoder
	const n = 2000 // more than one answer holds
	for port := uint32(1); port <= n; port++ {
		all = append(all, add(port, uint64(port)%4))
	}
	told(t, b, all...)
	every := &openflow.FlowRequest{TableID: openflow.TableAll}
	if got := dumped(t, b, every); len(got) != n || got[7] != 3 {
		t.Fatalf("%d flows, one with cookie %d", len(got), got[7])
	}
	told(t, b, add(7, 9), remove(0, 1, 3), remove(8, 0, 0))
	got := dumped(t, b, every)
	if want := n - n/4 - 2; len(got) != want || b.Flows() != want { // port 7's cookie ends in 1 now
		t.Errorf("%d flows, %d told, want %d", b.Flows(), len(got), want)
	}
	if _, there := got[8]; there || got[9] != 0 || got[6] != 2 {
		t.Errorf("after deletions port 8 %t, 9 has cookie %d, 6 has %d", there, got[9], got[6])
	}
	if got := dumped(t, b, &openflow.FlowRequest{TableID: 2}); len(got) != 0 {
		t.Errorf("another table has %d flows", len(got))
	}
	b.Lose()
	if b.Flows() != 0 {
		t.Error("flows outlive a crash")
	}
}

// TestBridgeIsInPlace after a committed bundle and the barrier behind it.
func TestBridgeIsInPlace(t *testing.T) {
	f := new(Fleet)
	b := newBridge(1, f)
	c := &channel{Bridge: b}
	send := func(m []byte) {
		t.Helper()
		if err := c.take(openflow.Message(m)); err != nil {
			t.Fatal(err)
		}
	}
	send(new(openflow.BarrierRequest).Append(nil, 1))
	control := openflow.BundleControl{BundleID: 1, Command: openflow.BundleOpen}
	send(control.Append(nil, 2))
	send(openflow.AppendBundleAdd(nil, 2, 1, 0, add(1, 1)))
	if b.Flows() != 0 || f.bridges.Load() != 0 {
		t.Error("a bundle is done before its commit")
	}
	control.Command = openflow.BundleCommit
	send(control.Append(nil, 2))
	send(new(openflow.BarrierRequest).Append(nil, 3))
	if b.Flows() != 1 || f.bridges.Load() != 1 || b.Took() == 0 {
		t.Errorf("%d flows, %d bridges in place, after %s", b.Flows(), f.bridges.Load(), b.Took())
	}
}

// TestRoutesDoNotDrop: what drops is no route, also where it says by a mark what it is.
func TestRoutesDoNotDrop(t *testing.T) {
	b := newBridge(1, new(Fleet))
	between := func(last byte, actions openflow.Actions) *openflow.FlowMod {
		var m openflow.Match
		m.EthType(0x0800).Addr(openflow.FieldIPv4Src, netip.AddrFrom4([4]byte{10, 1, 0, 2})).
			Addr(openflow.FieldIPv4Dst, netip.AddrFrom4([4]byte{10, 1, 0, last}))
		mod := &openflow.FlowMod{TableID: 30, Priority: 200, Match: m.View()}
		if actions != nil {
			mod.Instructions = mod.Instructions.Apply(actions)
		}
		return mod
	}
	mark := openflow.Actions(nil).Move(openflow.FieldCTZone.Bits(12, 1), openflow.Reg(3).Bits(0, 1))
	told(t, b, between(3, mark), between(4, nil), between(5, mark.Output(7, 0)))
	want := map[Ends]int{{netip.AddrFrom4([4]byte{10, 1, 0, 2}), netip.AddrFrom4([4]byte{10, 1, 0, 5})}: 1}
	if diff := cmp.Diff(want, b.Routes(), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Error(diff)
	}
}
