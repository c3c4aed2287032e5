// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// EventSlots is how many events are kept; a new one takes the oldest's place.
const EventSlots = 4096

// AppendEvent stores an event. The time is filled in when it is zero.
func (s *Store) AppendEvent(ctx context.Context, e linkspan.Event) error {
	if e.Time.IsZero() {
		e.Time = s.now().UTC()
	}
	err := retry(ctx, "write event", func() error {
		return s.numbered(ctx, func() error { return s.tryAppendEvent(ctx, e) })
	})
	return fault("write event", err)
}

func (s *Store) tryAppendEvent(ctx context.Context, e linkspan.Event) error {
	slot, cond, op, err := s.nextNumber(ctx, "event", EventSlots)
	if err != nil {
		return err
	}
	_, err = s.kv.Txn(ctx, kv.Txn{
		If:   []kv.Cond{cond},
		Then: []kv.Op{op, put(fmt.Sprintf("%s%04x", eventsPrefix, slot), e)},
	})
	return err
}

// Events returns the last events, oldest first, at most limit of them.
func (s *Store) Events(ctx context.Context, limit int) ([]linkspan.Event, error) {
	events, err := list[linkspan.Event](ctx, s, eventsPrefix)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(events, func(a, b linkspan.Event) int { return a.Time.Compare(b.Time) })
	return events[max(0, len(events)-limit):], nil
}

// FollowEvents calls ready once, when it follows, and tell with every event
// that is stored after that, until the context ends.
func (s *Store) FollowEvents(ctx context.Context, ready func(), tell func(linkspan.Event)) error {
	var once sync.Once
	return kv.Follow(ctx, s.kv, eventsPrefix,
		func([]kv.Entry, uint64) { once.Do(ready) },
		func(events []kv.Event, _ uint64) {
			for _, e := range events {
				var event linkspan.Event
				if e.Kind == kv.Written && json.Unmarshal(e.Entry.Value, &event) == nil {
					tell(event)
				}
			}
		})
}
