// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"encoding/json"
	"maps"
	"net/http"
	"sync"
)

// healthEvent is the type of events about members.
const healthEvent = "health"

// Healthy is how a member is whose check succeeds, or that runs and has none.
const Healthy = "healthy"

// health is how members are. The zero value can be used.
type health struct {
	mu      sync.Mutex
	members map[string]string
}

// SetHealth notes how all members are, by their names, and tells whoever listens of what changed.
func (g *Gateway) SetHealth(members map[string]string) {
	h := &g.health
	h.mu.Lock()
	before := h.members
	h.members = maps.Clone(members)
	h.mu.Unlock()
	for name, state := range members {
		if before[name] != state {
			data, err := json.Marshal(map[string]string{"member": name, "state": state})
			if err == nil { // always
				g.Publish(Event{Type: healthEvent, From: g.options.Composite, Data: data})
			}
		}
	}
}

// serveHealth says whether all members are healthy.
func (g *Gateway) serveHealth(w http.ResponseWriter, _ *http.Request) {
	g.health.mu.Lock()
	members := maps.Clone(g.health.members)
	g.health.mu.Unlock()
	status := http.StatusOK
	for _, state := range members {
		if state != Healthy {
			status = http.StatusServiceUnavailable
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"composite": g.options.Composite, "healthy": status == http.StatusOK, "members": members}) // nobody is left to be told
}
