// SPDX-License-Identifier: Apache-2.0

package session

import (
	"io"
	"sync"
)

// keep is the capacity in bytes beyond which a written buffer is not reused.
const keep = 1 << 20

// outbox holds what is to be written. Whoever appends never waits for the
// switch: while one goroutine writes a chunk, the others fill the next. There is
// a writer only while there is something to write: most sessions rest.
type outbox struct {
	mu     sync.Mutex
	buf    []byte // to be written next
	spare  []byte // for reuse
	flying int    // bytes being written
	busy   bool   // a goroutine is writing

	open    bool // writers may be started
	called  bool // one was, and has not looked yet
	writers sync.WaitGroup
}

// waiting returns how many bytes are not written yet; the caller holds mu.
func (o *outbox) waiting() int { return len(o.buf) + o.flying }

// rouse has a goroutine of its own write, unless one is about to.
func (o *outbox) rouse(write func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.open || o.called || len(o.buf) == 0 {
		return
	}
	o.called = true
	o.writers.Go(func() {
		o.mu.Lock()
		o.called = false // whoever appends from here on calls another
		o.mu.Unlock()
		write()
	})
}

// begin lets writers be started, for what is there already, too.
func (o *outbox) begin(write func()) {
	o.mu.Lock()
	o.open = true
	o.mu.Unlock()
	o.rouse(write)
}

// end starts no more writers and waits for those there are.
func (o *outbox) end() {
	o.mu.Lock()
	o.open = false
	o.mu.Unlock()
	o.writers.Wait()
}

// flush writes until nothing is left, unless another goroutine does so.
func (o *outbox) flush(w io.Writer) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.busy {
		return nil
	}
	o.busy = true
	defer func() { o.busy = false }()
	for len(o.buf) > 0 {
		chunk := o.buf
		o.buf, o.spare, o.flying = o.spare[:0], nil, len(chunk)
		o.mu.Unlock()
		_, err := w.Write(chunk)
		o.mu.Lock()
		o.flying = 0
		if err != nil {
			return err
		}
		if cap(chunk) <= keep {
			o.spare = chunk[:0]
		}
	}
	return nil
}

// quiet gives back buffers that nothing is in.
func (o *outbox) quiet() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.spare = nil
	if len(o.buf) == 0 {
		o.buf = nil
	}
}
