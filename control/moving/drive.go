// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"
	"sync"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// Drive is a move that this process carries out. Who begins it and who watches it
// have the same one.
type Drive struct {
	fresh  bool   // begun by this process: what follows is known
	spec   []byte // of a fresh one
	digest []byte // of what the spec tells of
	image  string // its image as To has it; empty: it has not
	size   uint64
	leave  bool
	cancel context.CancelCauseFunc // ends the steps before the stop
	steps  context.Context         //nolint:containedctx // of those steps, whose caller may leave at any time

	mu      sync.Mutex
	record  Record
	pipe    *Pipe // while an image is carried
	waiting string
	told    []*apiv1.MoveServiceMoveResponse
	done    uint64 // bytes
	ended   bool
	err     error
	changed chan struct{} // closed when any of these change
}

func newDrive(r Record) *Drive {
	d := &Drive{record: r, changed: make(chan struct{})}
	d.steps, d.cancel = context.WithCancelCause(context.Background())
	return d
}

// alter changes d and wakes who watches.
func (d *Drive) alter(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
	close(d.changed)
	d.changed = make(chan struct{})
}

// tell writes down a step for who watches.
func (d *Drive) tell(step, text string) {
	d.alter(func() {
		d.waiting = ""
		d.told = append(d.told, &apiv1.MoveServiceMoveResponse{Step: step, Text: text})
	})
}

// end writes down how it ended; the first one counts.
func (d *Drive) end(err error) {
	d.alter(func() {
		if !d.ended {
			d.ended, d.err = true, err
		}
	})
}

// Is says whether it moves a container of that name, from or to a host.
func (d *Drive) Is(host, container string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := &d.record
	return r.Name == container && (host == "" || host == r.FromName || host == r.ToName)
}

// over refuses a move of which only what is left over is still being taken away.
func (d *Drive) over() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.ended {
		return nil
	}
	return &linkspan.Error{
		Code: linkspan.Unavailable, Message: "what is left of the last move of " + d.record.Name + " is not taken away yet: " + d.waiting, Hint: "try again",
	}
}

// Subject names the container and the host that it comes from.
func (d *Drive) Subject() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.record.subject()
}

// Toward refuses who wants the container on another host than the move brings it to, with
// code Conflict.
func (d *Drive) Toward(host string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if host == d.record.ToName {
		return nil
	}
	return &linkspan.Error{
		Code: linkspan.Conflict, Message: d.record.Name + " of " + d.record.FromName + " is being moved to " + d.record.ToName + " already",
		Hint: "linkspan endpoint moves",
	}
}

// Leave is for a caller who does not wait any more: the move ends, if nothing was
// stopped yet.
func (d *Drive) Leave() { d.cancel(errLeft) }

// Watch calls send with each step and with how far an image is, until the move
// ended, whose error it returns, or ctx ends.
func (d *Drive) Watch(ctx context.Context, send func(*apiv1.MoveServiceMoveResponse) error) error {
	next, bytes := 0, uint64(0)
	for {
		d.mu.Lock()
		news, done, ended, err, changed := d.told[next:], d.done, d.ended, d.err, d.changed
		d.mu.Unlock()
		for _, m := range news {
			if err := send(m); err != nil {
				return err
			}
		}
		next += len(news)
		if done != bytes {
			bytes = done
			if err := send(&apiv1.MoveServiceMoveResponse{Step: string(Carrying), Done: done, Total: d.size}); err != nil {
				return err
			}
		}
		if ended {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
