// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

// Handler serves Path. It runs serve with each channel and keeps the request
// open until serve returns; it then closes the channel.
func Handler(serve func(context.Context, *Conn)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor < 2 {
			http.Error(w, "the channel needs HTTP/2", http.StatusHTTPVersionNotSupported)
			return
		}
		control := http.NewResponseController(w)
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(http.StatusOK)
		if err := control.Flush(); err != nil {
			return
		}
		conn := &Conn{in: r.Body, out: w, control: control, Remote: r.RemoteAddr, Request: r}
		defer conn.finish()
		serve(r.Context(), conn)
	})
}

// Conn is the controller's end of a channel. One goroutine may read while
// another writes.
type Conn struct {
	Remote  string        // the address the switch comes from
	Request *http.Request // for the identity of the caller

	in      io.Reader
	out     io.Writer
	control *http.ResponseController
	reading sync.Mutex // held in Read, so that finish can wait for it
	writing sync.Mutex
	closed  bool // guarded by both
	ending  sync.Mutex
	gone    bool // the response; guarded by ending
}

var _ io.ReadWriteCloser = (*Conn)(nil)

// Read reads what the bridge sent.
func (c *Conn) Read(p []byte) (int, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	if c.closed {
		return 0, io.ErrClosedPipe
	}
	return c.in.Read(p)
}

// Write sends p at once.
func (c *Conn) Write(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.closed {
		return 0, io.ErrClosedPipe
	}
	n, err := c.out.Write(p)
	if err != nil {
		return n, err
	}
	return n, c.control.Flush()
}

// Close unblocks Read and Write, which then fail. The request itself ends when
// the serve function returns; after that Close does nothing.
func (c *Conn) Close() error {
	c.ending.Lock()
	defer c.ending.Unlock()
	if c.gone {
		return nil
	}
	past := time.Unix(1, 0)
	if err := c.control.SetReadDeadline(past); err != nil {
		return err
	}
	return c.control.SetWriteDeadline(past)
}

// finish makes sure that nobody touches the response once the handler is gone.
func (c *Conn) finish() {
	_ = c.Close() // a connection that is gone already has no deadlines to set
	c.reading.Lock()
	defer c.reading.Unlock()
	c.writing.Lock()
	defer c.writing.Unlock()
	c.closed = true
	c.ending.Lock()
	defer c.ending.Unlock()
	c.gone = true
}
