// SPDX-License-Identifier: Apache-2.0

package bbolt

import (
	"errors"
	"fmt"
	"syscall"

	"go.etcd.io/bbolt"

	"github.com/linkspan/linkspan/store/kv"
)

// maxGroup bounds how many transactions share one sync.
const maxGroup = 256

// request is a transaction on its way through the commit loop. The loop owns
// it until done is closed.
type request struct {
	txn  kv.Txn
	done chan struct{}

	revision uint64
	events   []kv.Event
	err      error
}

// commitLoop is the only writer: it takes the requests that have come while
// the last sync was under way, does them in one transaction of the file, and
// tells the watches in the order of the revisions.
func (s *Store) commitLoop() {
	defer close(s.stopped)
	for {
		select {
		case <-s.stop:
			return
		case req := <-s.requests:
			s.commit(s.gather(req))
		}
	}
}

// gather adds the requests that are waiting already.
func (s *Store) gather(first *request) []*request {
	group := []*request{first}
	for len(group) < maxGroup {
		select {
		case req := <-s.requests:
			group = append(group, req)
		default:
			return group
		}
	}
	return group
}

// commit does a group of requests and answers all of them.
func (s *Store) commit(group []*request) {
	err := s.db.Update(func(tx *bbolt.Tx) error { return evaluateAll(tx, group) })
	switch {
	case err == nil:
		s.publish(group)
	case errors.Is(err, errNothing):
	case len(group) > 1:
		// One of them may be at fault; the others must not suffer.
		for _, req := range group {
			s.commit([]*request{req})
		}
		return
	default:
		group[0].revision, group[0].err = 0, writeError(err)
	}
	for _, req := range group {
		close(req.done)
	}
}

// errNothing ends a transaction of the file that changed nothing, without a
// sync.
var errNothing = errors.New("nothing changed")

func evaluateAll(tx *bbolt.Tx, group []*request) error {
	meta := tx.Bucket([]byte(bucketMeta))
	before := readUint64(meta, keyRevision)
	revision := before
	for _, req := range group {
		var err error
		if revision, err = req.evaluate(tx, revision); err != nil {
			return err
		}
	}
	if revision == before {
		return errNothing
	}
	return writeUint64(meta, keyRevision, revision)
}

func (s *Store) publish(group []*request) {
	for _, req := range group {
		if len(req.events) > 0 {
			s.log.Append(req.revision, req.events)
		}
	}
}

// writeError gives the errors of the disk their codes.
func writeError(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &kv.Error{Code: kv.Full, Op: "transaction", Err: err}
	}
	return fmt.Errorf("transaction: %w", err)
}
