// SPDX-License-Identifier: Apache-2.0

package direct

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
)

// wire joins the probers of some chassis; frames that through refuses are lost.
type wire struct {
	probers map[linkspan.ChassisID]*prober
	through func(from, to linkspan.ChassisID, frame []byte) bool
}

func newWire(t *testing.T, ids ...linkspan.ChassisID) *wire {
	w := &wire{
		probers: make(map[linkspan.ChassisID]*prober),
		through: func(linkspan.ChassisID, linkspan.ChassisID, []byte) bool { return true },
	}
	count := uint64(0)
	for _, id := range ids {
		w.probers[id] = newProber(id, 7, 1500, time.Now, func() uint64 { count++; return count })
	}
	t.Helper()
	return w
}

// send takes a frame to where it is addressed, and the answer back.
func (w *wire) send(from linkspan.ChassisID, frame []byte) {
	for to, p := range w.probers {
		if linkspan.MAC(frame[:6]) != to.DirectMAC() || !w.through(from, to, frame) {
			continue
		}
		if reply := p.receive(frame); reply != nil {
			w.send(to, reply)
		}
	}
}

// run lets time pass in small steps.
func (w *wire) run(span time.Duration) {
	for end := time.Now().Add(span); time.Now().Before(end); time.Sleep(quickly / 2) {
		for id, p := range w.probers {
			frames, _ := p.step()
			for _, f := range frames {
				w.send(id, f)
			}
		}
	}
}

func (w *wire) known(id linkspan.ChassisID) string {
	proved, lost := w.probers[id].known()
	return fmt.Sprint(proved, lost)
}

func TestAPathIsProvedLostAndProvedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire(t, 1, 2)
		w.probers[1].set([]linkspan.ChassisID{2})
		if w.known(1) != "[] []" {
			t.Fatalf("before any probe: %s", w.known(1))
		}
		w.run(patience)
		if w.known(1) != "[] []" {
			t.Fatalf("one try without an answer: %s", w.known(1))
		}
		w.probers[2].set([]linkspan.ChassisID{1}) // only now it answers
		w.run(patience + time.Second)
		if w.known(1) != "[2] []" || w.known(2) != "[1] []" {
			t.Fatalf("not proved: %s, %s", w.known(1), w.known(2))
		}
		w.through = func(from, _ linkspan.ChassisID, _ []byte) bool { return from != 2 }
		w.run(interval/2 + patience)
		if w.known(1) != "[2] []" {
			t.Fatalf("given up too early: %s", w.known(1))
		}
		w.run(interval + (maxMisses+1)*patience)
		if w.known(1) != "[] [2]" || w.known(2) != "[] [1]" {
			t.Fatalf("one direction is dead: %s, %s", w.known(1), w.known(2))
		}
		w.run(5 * time.Minute)
		w.through = func(linkspan.ChassisID, linkspan.ChassisID, []byte) bool { return true }
		w.run(lastWait + time.Second)
		if w.known(1) != "[2] []" || w.known(2) != "[1] []" {
			t.Fatalf("not found again: %s, %s", w.known(1), w.known(2))
		}
	})
}

// TestAPathMustCarryWholePackets: small frames pass, large ones do not.
func TestAPathMustCarryWholePackets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire(t, 1, 2)
		w.through = func(_, _ linkspan.ChassisID, frame []byte) bool { return len(frame) <= 1400 }
		w.probers[1].set([]linkspan.ChassisID{2})
		w.probers[2].set([]linkspan.ChassisID{1})
		w.run(time.Minute)
		if w.known(1) != "[] [2]" {
			t.Fatalf("got %s", w.known(1))
		}
	})
}

func TestWhoIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire(t, 2)
		p := w.probers[2]
		p.set([]linkspan.ChassisID{1})
		ask := sample(minProbe)
		ask.fabric = 7
		stranger, otherFabric, elsewhere, notOurs := ask, ask, ask, ask
		stranger.from = linkspan.ChassisID(3).DirectMAC()
		otherFabric.fabric = 8
		elsewhere.to = linkspan.ChassisID(9).DirectMAC()
		notOurs.from = linkspan.MAC{2, 1}
		for name, c := range map[string]struct {
			ask  probe
			want bool
		}{
			"a peer": {ask, true}, "a stranger": {stranger, false}, "another fabric": {otherFabric, false},
			"for somebody else": {elsewhere, false}, "no direct address": {notOurs, false},
		} {
			if got := p.receive(c.ask.append(nil)); (got != nil) != c.want {
				t.Errorf("%s: answered is %t", name, got != nil)
			}
		}
		time.Sleep(time.Second)
		n := 0
		for range 2 * maxAnswers {
			if p.receive(ask.append(nil)) != nil {
				n++
			}
		}
		if n != maxAnswers {
			t.Errorf("%d answers in a second", n)
		}
		// An answer that nobody waits for proves nothing.
		forged := ask
		forged.kind, forged.nonce = answer, 0
		for range 2 * minHits {
			p.receive(forged.append(nil))
		}
		if w.known(2) != "[] []" {
			t.Errorf("forged answers: %s", w.known(2))
		}
	})
}

func TestPeersComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire(t, 1, 2, 3)
		for id, p := range w.probers {
			p.set(slices.DeleteFunc([]linkspan.ChassisID{1, 2, 3}, func(o linkspan.ChassisID) bool { return o == id }))
		}
		w.run(time.Second)
		w.probers[1].set([]linkspan.ChassisID{3})
		if w.known(1) != "[3] []" {
			t.Fatalf("what is known of those that stay: %s", w.known(1))
		}
		w.probers[1].set([]linkspan.ChassisID{2, 3})
		if w.known(1) != "[3] []" {
			t.Fatalf("of one that came back nothing is known: %s", w.known(1))
		}
	})
}

// TestTriesAreBounded: whatever answers come, a path is tried at most once in
// quickly, and a lost one ever more seldom.
func TestTriesAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, now := path{}, time.Unix(1000, 0)
		last, nonce := time.Time{}, uint64(0)
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 600).Draw(t, "ms")) * time.Millisecond)
			nonce++
			if send, _ := p.try(now, nonce); send {
				if now.Sub(last) < quickly {
					t.Fatalf("tries %s apart", now.Sub(last))
				}
				last = now
			}
			if p.nonce != 0 && rapid.Bool().Draw(t, "answer") {
				p.hit(now, p.nonce, interval)
			}
			if p.state == lost && p.wait < firstWait || p.wait > lastWait {
				t.Fatalf("wait is %s", p.wait)
			}
		}
	})
}
