// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// journalPrefix is where a host notes what it did for a move, before it does it.
const journalPrefix = "moving/"

// entry is this host's side of one move.
type entry struct {
	Gives     bool            `json:"gives"`               // the container leaves this host; else it comes
	Container string          `json:"container,omitempty"` // id, once it is known
	Restart   json.RawMessage `json:"restart,omitempty"`   // its policy before it was stopped
	Stopped   bool            `json:"stopped,omitempty"`   // the stop has ended
	Name      string          `json:"name,omitempty"`      // that it is to have here
	Places    []place         `json:"places,omitempty"`    // and its addresses
}

type journal struct{ store kv.Store }

// read returns the entry of a move; ok is false where there is none.
func (j journal) read(ctx context.Context, move string) (e entry, ok bool, err error) {
	record, err := j.store.Get(ctx, journalPrefix+move)
	if errors.Is(err, kv.ErrNotFound) {
		return e, false, nil
	}
	if err == nil {
		err = json.Unmarshal(record.Value, &e)
	}
	if err != nil {
		return e, false, fmt.Errorf("read the journal of moves: %w", err)
	}
	return e, true, nil
}

func (j journal) write(ctx context.Context, move string, e entry) error {
	raw, err := json.Marshal(e)
	if err == nil {
		_, err = j.store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Put(journalPrefix+move, raw)}})
	}
	if err != nil {
		return fmt.Errorf("write the journal of moves: %w", err)
	}
	return nil
}

// Left counts the moves of which a host that takes no part in moves any more has notes:
// it may have a container that was stopped for one, or made for one.
func Left(ctx context.Context, store kv.Store) (int, error) {
	entries, _, err := store.List(ctx, journalPrefix)
	return len(entries), err
}

func (j journal) drop(ctx context.Context, move string) error {
	if _, err := j.store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Delete(journalPrefix + move)}}); err != nil {
		return fmt.Errorf("write the journal of moves: %w", err)
	}
	return nil
}

// given returns the entry of a move by which a container leaves this host, and
// refuses any other container.
func (j journal) given(ctx context.Context, move, id string) (e entry, ok bool, err error) {
	e, ok, err = j.read(ctx, move)
	if err == nil && ok && (!e.Gives || id != e.Container) {
		return e, false, notAsked("container " + id + " is not the one that leaves this host by this move")
	}
	return e, ok, err
}

// taken is given for a container that was made here.
func (j journal) taken(ctx context.Context, move, id string) (e entry, ok bool, err error) {
	e, ok, err = j.read(ctx, move)
	if err == nil && ok && (e.Gives || id != "" && id != e.Container) {
		return e, false, notAsked("container " + id + " was not made here for this move")
	}
	return e, ok, err
}

func notAsked(message string) error {
	return &linkspan.Error{Code: linkspan.Permission, Message: message}
}
