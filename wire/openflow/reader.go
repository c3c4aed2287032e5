// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/binary"
	"errors"
	"io"
)

// readBufferLen holds two messages of the greatest length, so that a whole
// message always fits behind one that is half consumed.
const readBufferLen = 2 * (MaxLen + 1)

// quietBufferLen is the length of the buffer until the source has filled it: many
// connections carry nothing but a probe now and then.
const quietBufferLen = 1 << 10

// maxEmptyReads bounds how often a source may return nothing and no error.
const maxEmptyReads = 100

// Reader cuts a byte stream into messages. It is not safe for concurrent use.
type Reader struct {
	src  io.Reader
	buf  []byte
	r, w int  // buf[r:w] is read from src and not yet yielded
	full bool // the last read had no room for more
	err  error
}

// NewReader returns a Reader of src. Its buffer has 1 KiB, and 128 KiB from when
// src fills it, or a message needs it, until Quiet.
func NewReader(src io.Reader) *Reader {
	return &Reader{src: src, buf: make([]byte, quietBufferLen)}
}

// Quiet gives back the memory of a large buffer in which nothing is left. It is
// for a source from which little comes; the last message is not valid any more.
func (r *Reader) Quiet() {
	if r.r == r.w && len(r.buf) > quietBufferLen {
		r.buf, r.r, r.w, r.full = make([]byte, quietBufferLen), 0, 0, false
	}
}

// Next returns the next message. It is a view of the buffer, valid until the
// following call of Next. At the end of the stream the error is io.EOF, inside
// a message io.ErrUnexpectedEOF. ErrLength and ErrVersion are final, as is
// every error of the source. Messages other than HELLO and ERROR must have
// version 1.3: those two may come before a version is agreed (spec 6.3.1).
func (r *Reader) Next() (Message, error) {
	if err := r.fill(HeaderLen); err != nil {
		return nil, err
	}
	h := r.buf[r.r:r.w]
	n := int(binary.BigEndian.Uint16(h[2:4]))
	switch {
	case n < HeaderLen:
		return nil, r.fail(ErrLength)
	case h[0] != Version && Type(h[1]) > TypeError:
		return nil, r.fail(ErrVersion)
	}
	if err := r.fill(n); err != nil {
		return nil, err
	}
	m := Message(r.buf[r.r : r.r+n : r.r+n])
	r.r += n
	return m, nil
}

// Buffered returns the length in bytes of the next message if all of it is in
// the buffer, and 0 if Next would have to read or would report an error. A
// session answers messages until Buffered is 0 and then flushes its answers.
func (r *Reader) Buffered() int {
	if r.w-r.r < HeaderLen {
		return 0
	}
	n := int(binary.BigEndian.Uint16(r.buf[r.r+2:]))
	if n < HeaderLen || n > r.w-r.r {
		return 0
	}
	return n
}

// fill reads until n bytes are buffered.
func (r *Reader) fill(n int) error {
	if r.w-r.r >= n {
		return nil
	}
	if r.err != nil {
		return r.eof()
	}
	r.compact(n)
	for empty := 0; r.w-r.r < n; {
		k, err := r.src.Read(r.buf[r.w:])
		r.w += k
		r.full = r.w == len(r.buf)
		if k == 0 {
			empty++
		}
		if err == nil && empty > maxEmptyReads {
			err = io.ErrNoProgress
		}
		if err != nil {
			r.err = err
			break
		}
	}
	if r.w-r.r >= n {
		return nil
	}
	return r.eof()
}

// compact moves the buffered bytes to the front when n would not fit behind
// them, or for nothing when there are none; or to a larger buffer.
func (r *Reader) compact(n int) {
	if len(r.buf) < readBufferLen && (r.full || n > len(r.buf)) {
		large := make([]byte, readBufferLen)
		r.w = copy(large, r.buf[r.r:r.w])
		r.buf, r.r, r.full = large, 0, false
		return
	}
	if r.r == r.w {
		r.r, r.w = 0, 0
		return
	}
	if len(r.buf)-r.r >= n && len(r.buf)-r.w >= len(r.buf)/4 {
		return
	}
	r.w = copy(r.buf, r.buf[r.r:r.w])
	r.r = 0
}

// eof returns the final error: an end of the stream inside a message is
// unexpected.
func (r *Reader) eof() error {
	if errors.Is(r.err, io.EOF) && r.w > r.r {
		return io.ErrUnexpectedEOF
	}
	return r.err
}

// fail makes err final: without a boundary nothing behind it can be read.
func (r *Reader) fail(err error) error {
	r.r, r.w = 0, 0
	r.err = err
	return err
}
