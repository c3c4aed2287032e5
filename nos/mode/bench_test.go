// SPDX-License-Identifier: Apache-2.0

package mode_test

import (
	"net/netip"
	"testing"
	"time"
)

// BenchmarkTwentyChanges changes who decides twenty times under a ping each millisecond and a stream of
// datagrams of 1,000 bytes at half of what the path carries, and rests after each for as long as it took: so that what
// else the machine does is the same in both. It says how much was lost in each, in a million, and how long a change takes.
//
//	go test -run xxx -bench TwentyChanges -benchtime 1x ./nos/mode
func BenchmarkTwentyChanges(b *testing.B) {
	for _, of := range []struct{ name, first, change string }{
		{"switch", "set control mode traditional", "set control mode "},
		{"vlan", "set control mode hybrid", "set vlans 10 control "},
		{"port", "set control mode hybrid", "set ports a control "},
	} {
		b.Run(of.name, func(b *testing.B) { twentyChanges(b, of.first, of.change) })
	}
}

// settles is how long after a change what it has caused may go on: Open vSwitch looks at its cache anew.
const settles = 200 * time.Millisecond

func twentyChanges(b *testing.B, first, change string) {
	w := newWorld(b)
	must(b, w.configure(append(vlan10(), first)...))
	w.reaches("a", 3)
	w.prefer()
	half := w.capacity() / 2
	var changing, resting loss
	var took time.Duration
	for b.Loop() {
		pings, stream := w.pings("a", netip.MustParseAddr("10.7.0.3")), w.stream("a", "b", 3, half, large)
		var parts []part
		for i := range 20 {
			begun, from := time.Now(), [2]uint64{pings.sent.Load(), stream.sent.Load()}
			must(b, w.configure(change+[]string{"sdn", "traditional"}[i%2]))
			took += time.Since(begun)
			time.Sleep(settles)
			between := [2]uint64{pings.sent.Load(), stream.sent.Load()}
			time.Sleep(time.Since(begun))
			parts = append(parts, part{from, between, &changing}, part{between, [2]uint64{pings.sent.Load(), stream.sent.Load()}, &resting})
		}
		_, answered := pings.end()
		_, came := stream.end()
		for _, p := range parts {
			p.of.add(p.lost(answered, came))
		}
	}
	b.ReportMetric(float64(half), "datagrams/s")
	b.ReportMetric(took.Seconds()*1000/float64(20*b.N), "ms/change")
	changing.report(b, "changing")
	resting.report(b, "resting")
}

// part is a time in which something was done, by the numbers of the pings and of the datagrams that were sent
// before it and until its end, and what they count for.
type part struct {
	from, to [2]uint64
	of       *loss
}

// lost counts what of a part did not come.
func (p *part) lost(answered, came map[uint64]bool) (l loss) {
	l.pings, l.sent = p.to[0]-p.from[0], p.to[1]-p.from[1]
	for n := p.from[0]; n < p.to[0]; n++ {
		if !answered[n] {
			l.pingsLost++
		}
	}
	for n := p.from[1]; n < p.to[1]; n++ {
		if !came[n] {
			l.lost++
		}
	}
	return l
}

const large = 1000 // bytes

// capacity returns how many datagrams a second come from a to b when more are sent.
func (w *world) capacity() int {
	w.t.Helper()
	const flood, length = 1_000_000, 2 * time.Second
	s := w.stream("a", "b", 3, flood, large)
	begun := time.Now()
	time.Sleep(length)
	_, came := s.end()
	return int(float64(len(came)) / time.Since(begun).Seconds())
}

func (l *loss) add(more loss) {
	l.pings += more.pings
	l.pingsLost += more.pingsLost
	l.sent += more.sent
	l.lost += more.lost
}

func (l *loss) report(b *testing.B, when string) {
	million := func(part, whole uint64) float64 { return 1e6 * float64(part) / float64(max(whole, 1)) }
	b.ReportMetric(million(l.pingsLost, l.pings), when+"-pings-lost/M")
	b.ReportMetric(million(l.lost, l.sent), when+"-datagrams-lost/M")
}
