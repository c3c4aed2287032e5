// SPDX-License-Identifier: Apache-2.0

package control

import (
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
)

// maxTold is how many conversations are remembered of which it was told, of each of two
// periods.
const maxTold = 1 << 13

// told remembers of what watchers were told that comes up packet by packet, so that they
// hear of it once in a while and not as often: of what is rejected, and of what waits
// for the labels of a container. The zero value is ready.
type told struct {
	mu          sync.Mutex
	now, before map[conversation]bool
	turned      time.Time
}

// conversation is what watchers are told of: of a pair, or of a class of one.
type conversation struct {
	on       linkspan.ChassisID
	from, to view.Key
	class    decide.Class
	reply    bool
	reason   decide.Reason
}

// first says whether it is to be told of a packet: not again within DenySeconds, nor of
// very many.
func (t *told) first(on linkspan.ChassisID, d *decide.Decision) bool {
	c := conversation{on, view.KeyOf(d.Source), view.KeyOf(d.Destination), d.Class, d.Reply, d.Reason}
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); t.now == nil || now.Sub(t.turned) > pipeline.DenySeconds*time.Second {
		t.before, t.now, t.turned = t.now, make(map[conversation]bool), now
	}
	if t.now[c] || t.before[c] || len(t.now) >= maxTold {
		return false
	}
	t.now[c] = true
	return true
}
