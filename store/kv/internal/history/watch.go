// SPDX-License-Identifier: Apache-2.0

package history

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/linkspan/linkspan/store/kv"
)

// batchEvents is the number of events above which a batch takes no further
// change.
const batchEvents = 1000

// Watch yields the changes under a prefix above a revision, as [kv.Store]
// says; whether the revision lies in the future is for the caller to check.
func (l *Log) Watch(ctx context.Context, prefix string, after uint64) iter.Seq2[kv.Batch, error] {
	return func(yield func(kv.Batch, error) bool) {
		cursor := after
		for {
			batch, wake, err := l.next(ctx, prefix, cursor)
			if err != nil {
				yield(kv.Batch{}, err)
				return
			}
			cursor = batch.Revision
			if len(batch.Events) > 0 {
				if !yield(batch, nil) {
					return
				}
				continue
			}
			select {
			case <-wake:
			case <-ctx.Done():
			}
		}
	}
}

// next returns what there is above the cursor, and moves it. If there is
// nothing, wake is closed once that may have changed.
func (l *Log) next(ctx context.Context, prefix string, cursor uint64) (batch kv.Batch, wake <-chan struct{}, err error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	switch {
	case ctx.Err() != nil:
		return batch, nil, fmt.Errorf("watch %q: %w", prefix, ctx.Err())
	case l.closed:
		return batch, nil, &kv.Error{Code: kv.Closed, Op: "watch", Key: prefix}
	case cursor < l.compacted:
		return batch, nil, &kv.Error{Code: kv.Compacted, Op: "watch", Key: prefix}
	}
	batch.Revision = cursor
	for _, change := range l.changes[l.after(cursor):] {
		if len(batch.Events) >= batchEvents {
			break
		}
		batch.Revision = change.revision
		batch.Events = appendCovered(batch.Events, change.events, prefix)
	}
	return batch, l.wake, nil
}

// appendCovered appends copies of the events under the prefix.
func appendCovered(to, events []kv.Event, prefix string) []kv.Event {
	for _, event := range events {
		if strings.HasPrefix(event.Entry.Key, prefix) {
			event.Entry.Value = bytes.Clone(event.Entry.Value)
			to = append(to, event)
		}
	}
	return to
}
