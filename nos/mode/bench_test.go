// SPDX-License-Identifier: Apache-2.0

package mode_test

import (
	"testing"
	"time"
)

// BenchmarkTwentyChanges changes who decides twenty times under a ping each millisecond and a stream of
// datagrams of 1,000 bytes at half of what the path carries, and rests for as long under the same. It says
// how much was lost in each, in a million, and how long a change takes.
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

func twentyChanges(b *testing.B, first, change string) {
	w := newWorld(b)
	must(b, w.configure(append(vlan10(), first)...))
	w.reaches("a", 3)
	w.prefer()
	half := w.capacity() / 2
	var changing, resting loss
	var took time.Duration
	for b.Loop() {
		begun := time.Now()
		changing.add(w.undisturbed("a", "b", 3, half, large, func() {
			for i := range 20 {
				must(b, w.configure(change+[]string{"sdn", "traditional"}[i%2]))
			}
		}))
		took += time.Since(begun)
		resting.add(w.undisturbed("a", "b", 3, half, large, func() { time.Sleep(time.Since(begun)) }))
	}
	b.ReportMetric(float64(half), "datagrams/s")
	b.ReportMetric(took.Seconds()*1000/float64(20*b.N), "ms/change")
	changing.report(b, "changing")
	resting.report(b, "resting")
}

const large = 1000 // bytes

// capacity returns how many datagrams a second come from a to b when more are sent.
func (w *world) capacity() int {
	w.t.Helper()
	const flood, length = 1_000_000, 2 * time.Second
	stop := w.stream("a", "b", 3, flood, large)
	begun := time.Now()
	time.Sleep(length)
	sent, lost := stop()
	return int(float64(sent-lost) / time.Since(begun).Seconds())
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
