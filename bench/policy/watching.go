// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/linkspan/linkspan/bench/fleet"
)

// watching collects what FlowMods did. Its method note may be called concurrently.
type watching struct {
	mu  sync.Mutex
	all []fleet.Touch
}

func (w *watching) note(t fleet.Touch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, t)
}

// seen is what one change did.
type seen struct {
	Answered time.Duration `json:"answered_ns"` // the request
	Revised  time.Duration `json:"revised_ns"`  // until the last FlowMod was there; 0: there was none
	CPU      time.Duration `json:"cpu_ns"`      // of the controller
	Messages uint64        `json:"messages"`    // to all bridges
	FlowMods int           `json:"flow_mods"`
	Bridges  int           `json:"bridges"` // that got a FlowMod
	Flows    int           `json:"flows"`   // of routes that were deleted or put
	Denials  int           `json:"denials"` // that were forgotten
}

// concerned is whom a policy speaks of: conversations, in both directions, and
// addresses that it selects.
type concerned struct {
	pairs     map[fleet.Ends]bool
	addresses map[netip.Addr]bool
}

// holds says whether a flow may be touched. A denial rests on all that selects either
// of its ends, and is of ten seconds in any case.
func (c *concerned) holds(f fleet.Touched) bool {
	if f.Drops {
		return c.addresses[f.From] || c.addresses[f.To]
	}
	return c.pairs[f.Ends]
}

// judge sums up, and finds what has nothing to do with those concerned.
func (w *watching) judge(began time.Time, c *concerned) (s seen, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	bridges := make(map[*fleet.Bridge]bool)
	for _, t := range w.all {
		bridges[t.Bridge] = true
		s.FlowMods++
		s.Revised = max(s.Revised, t.At.Sub(began))
		for _, f := range t.Flows {
			if f.Drops {
				s.Denials++
			} else {
				s.Flows++
			}
			if !c.holds(f) && err == nil {
				err = fmt.Errorf("the flow from %s to %s was touched, which the policy does not speak of", f.From, f.To)
			}
		}
	}
	s.Bridges = len(bridges)
	return s, err
}
