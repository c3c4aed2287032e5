// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// errInterrupted is that Ctrl-C was typed instead of a line.
var errInterrupted = errors.New("interrupted")

// maxAhead is how many keys may be typed before they are read; more are lost.
const maxAhead = 64 << 10

const (
	ctrlC = 3
	ctrlD = 4
	ctrlE = 5
	ctrlU = 21

	// endKey stands for Ctrl-D towards the line editor, which has one of its own that it
	// does not forget once the line was empty.
	endKey = 28
)

// keys is what is typed at a terminal. While a command runs, Ctrl-C ends it.
type keys struct {
	mu        sync.Mutex
	more      *sync.Cond
	typed     []byte
	err       error  // why nothing more comes
	interrupt func() // of the command that runs; nil: none does
	pending   []byte // for the line editor, before typed
	broken    bool   // the line was given up
	released  bool   // nobody reads raw keys any more
	raw       bool   // Ctrl-C is a key like any other
	touched   func() // is called at each key; may be nil
}

func newKeys() *keys {
	k := &keys{}
	k.more = sync.NewCond(&k.mu)
	return k
}

// pump reads keys until there are no more.
func (k *keys) pump(r io.Reader) {
	buffer := make([]byte, 1024)
	for {
		n, err := r.Read(buffer)
		k.got(buffer[:n], err)
		if err != nil {
			return
		}
	}
}

func (k *keys) got(typed []byte, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	defer k.more.Broadcast()
	k.err = err
	if k.touched != nil && len(typed) > 0 {
		k.touched()
	}
	if k.interrupt != nil && !k.raw && (bytes.IndexByte(typed, ctrlC) >= 0 || err != nil) {
		k.interrupt()
		k.typed = nil
		typed = typed[bytes.LastIndexByte(typed, ctrlC)+1:]
	}
	if len(k.typed)+len(typed) <= maxAhead {
		k.typed = append(k.typed, typed...)
	}
}

// Read gives the line editor keys, no more than those of one line. Ctrl-C empties
// the line and ends it.
func (k *keys) Read(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.released = false
	for len(k.pending) == 0 {
		if err := k.wait(); err != nil {
			return 0, err
		}
		k.pending = k.nextLine()
	}
	n := copy(p, k.pending)
	k.pending = k.pending[n:]
	return n, nil
}

// wait waits until something was typed. It is called with mu held.
func (k *keys) wait() error {
	for len(k.typed) == 0 && k.err == nil && !k.released {
		k.more.Wait()
	}
	if len(k.typed) > 0 {
		return nil
	}
	if k.err != nil {
		return io.EOF
	}
	return errInterrupted
}

// nextLine takes keys up to the end of a line or Ctrl-C.
func (k *keys) nextLine() []byte {
	if k.typed[0] == ctrlC {
		k.typed, k.broken = k.typed[1:], true
		return []byte{ctrlE, ctrlU, '\r'}
	}
	if k.typed[0] == ctrlD {
		k.typed = k.typed[1:]
		return []byte{endKey}
	}
	n := len(k.typed)
	if i := bytes.IndexAny(k.typed, "\x03\x04"); i >= 0 {
		n = i
	}
	if i := bytes.IndexAny(k.typed[:n], "\r\n"); i >= 0 {
		n = i + 1
	}
	line := k.typed[:n:n]
	k.typed = k.typed[n:]
	return line
}

// enter ends the line.
func (k *keys) enter() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pending = []byte{'\r'}
}

// gaveUp says whether the line that was read was given up by Ctrl-C.
func (k *keys) gaveUp() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	was := k.broken
	k.broken = false
	return was
}

// gone says that nobody types any more.
func (k *keys) gone() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err != nil && len(k.typed) == 0
}

// during has Ctrl-C call interrupt until the function that is returned is called.
func (k *keys) during(interrupt func()) (end func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.interrupt = interrupt
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.interrupt = nil
	}
}

// key waits for one key; Ctrl-C is one.
func (k *keys) key() (byte, error) {
	defer k.takeRaw()()
	one := make([]byte, 1)
	_, err := k.readRaw(one)
	return one[0], err
}

// takeRaw makes Ctrl-C a key until the function that is returned is called, which also
// ends a readRaw that waits.
func (k *keys) takeRaw() (release func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.raw, k.released = true, false
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.raw, k.released = false, true
		k.more.Broadcast()
	}
}

// readRaw returns what is typed. The error is io.EOF when nobody types any more,
// errInterrupted when the keys were taken back.
func (k *keys) readRaw(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.released {
		return 0, errInterrupted
	}
	if err := k.wait(); err != nil {
		return 0, err
	}
	n := copy(p, k.typed)
	k.typed = k.typed[n:]
	return n, nil
}
