// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"errors"
	"iter"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/linkspan/linkspan/store/kv"
)

// Watch implements [kv.Store]. While the connection is lost the watch waits
// and resumes by itself; it ends as unavailable when the member it is
// connected to has lost the leader.
func (s *Store) Watch(ctx context.Context, prefix string, after uint64) iter.Seq2[kv.Batch, error] {
	return func(yield func(kv.Batch, error) bool) {
		err := kv.CheckPrefix(prefix)
		if err == nil {
			err = s.checkPast(ctx, "watch", prefix, kv.Compacted, after)
		}
		if err == nil {
			err = s.watch(ctx, prefix, after, yield)
		}
		if err != nil {
			yield(kv.Batch{}, s.coded(ctx, "watch", prefix, err))
		}
	}
}

// watch returns nil only when yield wants no more.
func (s *Store) watch(ctx context.Context, prefix string, after uint64, yield func(kv.Batch, error) bool) error {
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	responses := s.client.Watch(ctx, s.root+prefix, clientv3.WithPrefix(), clientv3.WithRev(int64(after)+1))
	for resp := range responses {
		if err := resp.Err(); err != nil {
			return err
		}
		if len(resp.Events) > 0 && !yield(s.batch(resp), nil) {
			return nil
		}
	}
	return errors.New("watch ended")
}

// batch turns a response into a batch. etcd never splits a revision over two
// responses, because fragments are not asked for.
func (s *Store) batch(resp clientv3.WatchResponse) kv.Batch {
	events := make([]kv.Event, 0, len(resp.Events))
	for _, event := range resp.Events {
		entry := s.entry(event.Kv)
		if event.Type == clientv3.EventTypeDelete {
			entry.Value = nil
			events = append(events, kv.Event{Kind: kv.Deleted, Entry: entry})
			continue
		}
		events = append(events, kv.Event{Kind: kv.Written, Entry: entry})
	}
	return kv.Batch{Revision: events[len(events)-1].Entry.Revision, Events: events}
}
