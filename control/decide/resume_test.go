// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

func TestResumed(t *testing.T) {
	segment := from(4, 64)
	segment.Connection = Connection{
		Protocol: ProtocolTCP, SourcePort: 443, DestinationPort: 51515, Tracked: true, Begins: true, Resumes: true,
	}
	want := segment
	want.Connection = Connection{
		Protocol: ProtocolTCP, SourcePort: 51515, DestinationPort: 443, Tracked: true, Reply: true,
	}
	got, ok := segment.Resumed()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Packet{}), cmpopts.EquateComparable(netip.Addr{})); diff != "" || !ok {
		t.Errorf("%v %s", ok, diff)
	}
	for name, p := range map[string]Packet{
		"not tracked":          with(segment, func(p *Packet) { p.Tracked = false }),
		"of a connection":      with(segment, func(p *Packet) { p.Begins = false }),
		"opens one":            with(segment, func(p *Packet) { p.Resumes = false }),
		"what it was taken as": got,
		"of who opened":        with(segment, func(p *Packet) { p.SourcePort, p.DestinationPort = 51515, 443 }),
	} {
		if _, ok := p.Resumed(); ok {
			t.Errorf("%s: resumed", name)
		}
	}
}

// TestAnswers: only the ports of a segment in the middle of a connection say who opened
// it, and only where one of the two is of those that are given to who does.
func TestAnswers(t *testing.T) {
	segment := from(4, 64)
	for ports, want := range map[[2]uint16]bool{
		{443, 51515}: true, {51515, 443}: false, {40000, 50000}: false, {22, 80}: false, {32767, 32768}: true,
	} {
		segment.Connection = Connection{Protocol: ProtocolTCP, SourcePort: ports[0], DestinationPort: ports[1], Tracked: true, Begins: true, Resumes: true}
		if segment.Answers() != want {
			t.Errorf("%v: %v", ports, !want)
		}
		if segment.Tracked = false; segment.Answers() {
			t.Errorf("%v: what was not looked at answers", ports)
		}
	}
}

// TestHalf: all ports of a half tell the same of a segment.
func TestHalf(t *testing.T) {
	for port, want := range map[uint16]Class{0: {6, 1, 0}, 32767: {6, 1, 0}, 32768: {6, 1, 32768}, 65535: {6, 1, 32768}} {
		for _, c := range []Class{{}, ClassOf(ProtocolTCP)} {
			if got := c.Half(port); got != want || !got.Valid() {
				t.Errorf("%v of %v: %v", port, c, got)
			}
		}
	}
	if c := BlockOf(ProtocolTCP, 448, 10); c.Half(450) != c {
		t.Errorf("%v", c.Half(450))
	}
}

// TestDenyAs: what is denied as the answer that it is holds as long as nothing changes,
// across networks and out of them, too.
func TestDenyAs(t *testing.T) {
	v := edge(t, deny(1, "203.0.113.9/32", linkspan.PolicyPorts{Protocol: ProtocolTCP, First: 443, Last: 443}))
	p := inward("203.0.113.9") // who is outside may open what it likes, and answers what may not be opened
	p.Connection = Connection{Protocol: ProtocolTCP, SourcePort: 443, DestinationPort: 51515, Tracked: true, Begins: true, Resumes: true}
	var d, as Decision
	Decide(v, &p, &d)
	answer, ok := p.Resumed()
	Decide(v, &answer, &as)
	if !ok || !p.Answers() || d.Verdict != Allow || as.Verdict != Deny || as.Policy == nil {
		t.Fatalf("%v %v, %s, as an answer %s because %s", ok, p.Answers(), d.Verdict, as.Verdict, as.Reason)
	}
	d.DenyAs(&as)
	if d.Verdict != Deny || d.Reason != PolicyDenies || d.Policy != as.Policy || d.Reply || !d.Holds(v) {
		t.Errorf("%s because %s, reply %v, holds %v", d.Verdict, d.Reason, d.Reply, d.Holds(v))
	}
	next, _ := v.Apply(view.RemovePolicy(1))
	if d.Holds(next) {
		t.Error("holds without the policy")
	}
}

func TestOpening(t *testing.T) {
	v := world()
	var d Decision
	p := from(4, 64)
	Decide(v, &p, &d)
	p.Connection = Connection{Protocol: ProtocolTCP, DestinationPort: 80, Tracked: true}
	d.Track(&p, ClassOf(ProtocolTCP))
	if a, b := d.Opening(); a != d.Source || b != d.Destination {
		t.Errorf("%v opens to %v", a, b)
	}
	p.Reply = true
	d.Track(&p, ClassOf(ProtocolTCP))
	if a, b := d.Opening(); a != d.Destination || b != d.Source || !d.Tracked {
		t.Errorf("a reply's: %v opens to %v", a, b)
	}
}
