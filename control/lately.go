// SPDX-License-Identifier: Apache-2.0

package control

import (
	"slices"
	"sync"
	"time"

	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

// lately is what fell on a switch a moment ago, or is tracked since then: late answers of
// it are denied, and a revision of something else forgets denials. The zero value is ready.
type lately struct {
	mu   sync.Mutex
	fell []fallen
}

type fallen struct {
	at       time.Time
	standing pipeline.Standing
}

// maxLately is how much is kept; late answers of more are denied until the next revision.
const maxLately = 4096

// add notes what falls now.
func (l *lately) add(list []pipeline.Standing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expire()
	now := time.Now()
	for _, s := range list[:min(len(list), maxLately-len(l.fell))] {
		l.fell = append(l.fell, fallen{now, s})
	}
}

// all returns what fell within the time for which a denial lasts.
func (l *lately) all() (list []pipeline.Standing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expire()
	for i := range l.fell {
		list = append(list, l.fell[i].standing)
	}
	return list
}

// expire forgets what fell before; it is called with the lock held.
func (l *lately) expire() {
	l.fell = slices.DeleteFunc(l.fell, func(f fallen) bool { return time.Since(f.at) >= pipeline.DenySeconds*time.Second })
}

// forgetDenials deletes the denials that are about those of whom is asked, and denies late
// answers anew of what fell lately, as far as it may not be still.
func (d *datapath) forgetDenials(of asked, denials []openflow.FlowStats) {
	t, fell := d.turning(), slices.DeleteFunc(d.lately.all(), func(s pipeline.Standing) bool {
		return !of.all && !of.keys[s.From] && !of.keys[s.To]
	})
	var puts []byte
	forgotten := false
	forget := func(b []byte) []byte {
		if forgotten {
			return b
		}
		forgotten = true
		return of.appendForget(b, denials)
	}
	d.inView(len(fell), func(v *view.View, from, to int) {
		t.begin(v)
		puts = puts[:0]
		for i := range fell[from:to] {
			puts = append(puts, t.fall(&fell[from+i])...)
		}
	}, func(b []byte, _ *view.View, rests bool) []byte {
		t.end()
		if b = forget(b); rests { // else the revision for the other View does it
			b = append(b, puts...)
		}
		return b
	})
	if !forgotten {
		d.session.End(forget(d.session.Begin()))
	}
}
