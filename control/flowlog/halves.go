// SPDX-License-Identifier: Apache-2.0

package flowlog

import (
	"time"

	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/view"
)

// apart is how long the ends of a route's two directions may lie apart to be
// one line: the last packets of both are near each other, and a datapath looks
// for idle flows every second or two.
const apart = 4 * time.Second

// maxHalves is how many directions wait for their other one, at most; beyond
// that each is a line.
const maxHalves = 1 << 16

// pair names a route: its ends in order of their addresses, each with its network.
type pair struct{ a, b view.Key }

func pairOf(e *control.RouteEvent) pair {
	from, to := view.Key{Network: e.Network, Address: e.From}, view.Key{Network: e.ToNetwork, Address: e.To}
	if e.To.Less(e.From) {
		return pair{to, from}
	}
	return pair{from, to}
}

// halves are the directions that wait for their other one.
type halves struct{ by map[pair]Line }

// join returns the lines that are whole with this half.
func (h *halves) join(key pair, half Line) []Line {
	first, waiting := h.by[key]
	switch {
	case waiting && first.From == half.To:
		delete(h.by, key)
		return []Line{first.plus(half)}
	case waiting: // plugged again meanwhile
		h.by[key] = half
		return []Line{first}
	case len(h.by) >= maxHalves:
		return []Line{half}
	}
	h.by[key] = half
	return nil
}

// take returns the halves that are due, as they are.
func (h *halves) take(due func(Line) bool) (lines []Line) {
	for key, half := range h.by {
		if due(half) {
			lines = append(lines, half)
			delete(h.by, key)
		}
	}
	return lines
}
