// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
)

// Bounds of events.
const (
	maxListeners = 64       // of a composite
	maxWaiting   = 64       // events that a listener has not taken
	maxEvent     = 16 << 10 // bytes
	stillThere   = 15 * time.Second
)

// Event is something that happened in a composite.
type Event struct {
	Type string          `json:"type"` // health, or as its sender says
	From string          `json:"from"` // the composite, or who called
	Data json.RawMessage `json:"data,omitempty"`
}

// bus brings events to whoever listens. The zero value can be used.
type bus struct {
	mu        sync.Mutex
	listeners map[chan Event]*uint64 // with how many events they missed
}

// Publish tells whoever listens of an event. One who does not keep up misses it.
func (g *Gateway) Publish(e Event) {
	b := &g.bus
	b.mu.Lock()
	defer b.mu.Unlock()
	for to, missed := range b.listeners {
		select {
		case to <- e:
		default:
			*missed++
		}
	}
}

func (b *bus) listen() (chan Event, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.listeners) == maxListeners {
		return nil, &linkspan.Error{Code: linkspan.Exhausted, Message: fmt.Sprintf("%d listen to events already", maxListeners)}
	}
	if b.listeners == nil {
		b.listeners = map[chan Event]*uint64{}
	}
	to := make(chan Event, maxWaiting)
	b.listeners[to] = new(uint64)
	return to, nil
}

func (b *bus) leave(to chan Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.listeners, to)
}

// missed returns how many events a listener missed since it was last asked.
func (b *bus) missed(to chan Event) uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := *b.listeners[to]
	*b.listeners[to] = 0
	return n
}

// serveEvents sends events to who listens, or takes one.
func (g *Gateway) serveEvents(w http.ResponseWriter, r *http.Request, c Caller) {
	err := denied(c, "events")
	if c.mayListen() {
		switch r.Method {
		case http.MethodGet:
			err = g.sendEvents(w, r)
		case http.MethodPost:
			err = g.takeEvent(w, r, c)
		default:
			w.Header().Set("Allow", "GET, POST")
			err = &methodError{"GET or POST"}
		}
	}
	if err != nil {
		fail(w, err)
	}
}

func (g *Gateway) takeEvent(w http.ResponseWriter, r *http.Request, c Caller) error {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEvent))
	if err != nil {
		return invalid("the event cannot be read: %v", err)
	}
	var e Event
	if err := json.Unmarshal(text, &e); err != nil {
		return invalid("this is no event: %v", err)
	}
	if err := linkspan.ValidateName("event", e.Type); err != nil {
		return err
	}
	if e.Type == healthEvent || e.Type == missedEvent {
		return invalid("events %q are told by the composite alone", e.Type)
	}
	e.From = c.Kind + "/" + c.Name
	g.Publish(e)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// missedEvent tells a listener that it did not keep up.
const missedEvent = "missed"

// sendEvents sends events as server-sent events (HTML living standard, 9.2) until the listener goes.
func (g *Gateway) sendEvents(w http.ResponseWriter, r *http.Request) error {
	to, err := g.bus.listen()
	if err != nil {
		return err
	}
	defer g.bus.leave(to)
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	tick := time.NewTicker(stillThere)
	defer tick.Stop()
	for err == nil {
		if err = out.Flush(); err != nil {
			break
		}
		if n := g.bus.missed(to); n > 0 {
			if err = send(w, Event{Type: missedEvent, From: g.options.Composite, Data: json.RawMessage(fmt.Sprint(n))}); err != nil {
				break
			}
		}
		select {
		case e := <-to:
			err = send(w, e)
		case <-tick.C:
			_, err = io.WriteString(w, ":\n\n")
		case <-r.Context().Done():
			err = r.Context().Err()
		}
	}
	return nil // it has gone
}

func send(w io.Writer, e Event) error {
	text, err := json.Marshal(e) // has no line break
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", e.Type, text)
	return err
}
