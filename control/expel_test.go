// SPDX-License-Identifier: Apache-2.0

package control

import (
	"io"
	"log/slog"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/session"
	"github.com/linkspan/linkspan/control/view"
)

// nobody is a connection at whose other end nobody is.
type nobody struct{}

func (nobody) Read([]byte) (int, error)    { return 0, io.EOF }
func (nobody) Write(b []byte) (int, error) { return len(b), nil }
func (nobody) Close() error                { return nil }

func aside() *datapath {
	h := New(Config{Log: slog.New(slog.DiscardHandler)})
	return &datapath{hub: h, id: 1, session: session.New(nobody{}, session.Config{Log: h.cfg.Log})}
}

// changing changes the View.
func changing(h *Hub, name string) {
	h.Update(view.PutChassis(&linkspan.Chassis{ID: 9, Name: name}))
}

// TestInView: each thing is judged and filled in once, in order, in a View that is still
// the one; a change between has a part judged again.
func TestInView(t *testing.T) {
	for name, changes := range map[string]int{"at rest": 0, "a change": 1, "some": maxTries} {
		t.Run(name, func(t *testing.T) {
			d := aside()
			changing(d.hub, "")
			const n = 3*maxPart + 7
			var judged [2]int
			next, left := 0, changes
			d.inView(n, func(v *view.View, from, to int) {
				judged = [2]int{from, to}
				if from > 0 && left > 0 {
					left--
					changing(d.hub, string(rune('a'+left)))
				}
			}, func(b []byte, v *view.View, rests bool) []byte {
				if !rests || v != d.hub.View() || judged[0] != next {
					t.Errorf("rests: %v; %v after %d", rests, judged, next)
				}
				next = judged[1]
				return b
			})
			if next != n || left != 0 {
				t.Errorf("%d of %d, %d changes left", next, n, left)
			}
		})
	}
}

// TestInViewThatNeverRests: it ends, and says that what is put may be wrong.
func TestInViewThatNeverRests(t *testing.T) {
	d := aside()
	changing(d.hub, "b")
	done, rested, last := 0, 0, 0
	var names = [2]string{"a", "b"}
	looks := 0
	d.inView(300, func(_ *view.View, _, to int) {
		last = to
		changing(d.hub, names[looks%2])
		looks++
	}, func(b []byte, _ *view.View, rests bool) []byte {
		if done = last; rests {
			rested++
		}
		return b
	})
	if done != 300 || rested != 0 {
		t.Errorf("%d of 300 done, %d times at rest", done, rested)
	}
}
