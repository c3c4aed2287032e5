// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/trust"
)

const switchesPrefix = "switches/"

// Switch is a switch that came with its certificate.
type Switch struct {
	Name    string             `json:"name"`
	Number  linkspan.ChassisID `json:"number"`
	DPID    linkspan.DPID      `json:"dpid"`
	Address netip.Addr         `json:"address"` // its management IP: from where it came last
	First   time.Time          `json:"first"`
	Last    time.Time          `json:"last"` // to a minute
}

// Switches are the switches that came. It is safe for concurrent use.
type Switches struct {
	store kv.Store
	clock func() time.Time
	mu    sync.Mutex
	known map[string]Switch // as stored
}

func newSwitches(store kv.Store, now func() time.Time) *Switches {
	return &Switches{store: store, clock: now, known: map[string]Switch{}}
}

// List returns the switches, by name.
func (s *Switches) List(ctx context.Context) ([]Switch, error) {
	entries, _, err := s.store.List(ctx, switchesPrefix)
	if err != nil {
		return nil, err
	}
	out := make([]Switch, len(entries))
	for i, e := range entries {
		if err := json.Unmarshal(e.Value, &out[i]); err != nil {
			return nil, fmt.Errorf("read %s: %w", e.Key, err)
		}
	}
	return out, nil
}

// Remove forgets a switch; when it comes again it is known again. The error is NotFound.
func (s *Switches) Remove(ctx context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := switchesPrefix + name
	if linkspan.ValidateName("switch", name) != nil {
		return &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("no switch %.60q came", name)}
	}
	_, err := s.store.Txn(ctx, kv.Txn{If: []kv.Cond{kv.Present(key)}, Then: []kv.Op{kv.Delete(key)}})
	if errors.Is(err, kv.ErrConflict) {
		return &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("no switch %.60q came", name)}
	}
	delete(s.known, name)
	return err
}

// seen notes that a switch came. It is written down when something is new, or a minute
// has gone by. That it cannot be written keeps nobody out.
func (s *Switches) seen(ctx context.Context, id trust.Identity, from netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock().UTC()
	was, ok := s.known[id.Name]
	if !ok {
		was = s.stored(ctx, id.Name)
	}
	is := Switch{Name: id.Name, Number: id.Number, DPID: id.DPID, Address: from, First: was.First, Last: now}
	if is.First.IsZero() {
		is.First = now
	}
	if was.Address == is.Address && was.Number == is.Number && was.DPID == is.DPID && now.Sub(was.Last) < time.Minute {
		s.known[id.Name] = was
		return
	}
	value, err := json.Marshal(is)
	if err != nil {
		return
	}
	if _, err := s.store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Put(switchesPrefix+id.Name, value)}}); err == nil {
		s.known[id.Name] = is
	}
}

func (s *Switches) stored(ctx context.Context, name string) (was Switch) {
	if e, err := s.store.Get(ctx, switchesPrefix+name); err == nil {
		_ = json.Unmarshal(e.Value, &was) // what cannot be read is written anew
	}
	return was
}
