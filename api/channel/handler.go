// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"context"
	"io"
	"net/http"
	"strconv"
)

// Handler serves Path. It runs serve with each channel and keeps the request
// open until serve returns; it then closes the channel.
func Handler(serve func(context.Context, *Conn)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, ok := r.Context().Value(carrierKey{}).(*carrier)
		if !ok {
			http.Error(w, "this connection carries no channels; its ALPN must be "+Protocol, http.StatusUpgradeRequired)
			return
		}
		number, err := strconv.ParseUint(r.Header.Get(numberHeader), 10, 16)
		if err != nil {
			http.Error(w, numberHeader+" is not a number", http.StatusBadRequest)
			return
		}
		s, err := c.open(uint16(number))
		if err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		defer s.close()
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(http.StatusOK)
		if http.NewResponseController(w).Flush() != nil {
			return
		}
		defer context.AfterFunc(r.Context(), func() { s.end(io.EOF) })()
		serve(r.Context(), &Conn{stream: s, Remote: r.RemoteAddr, Request: r})
	})
}

// Conn is the controller's end of a channel. One goroutine may read while
// another writes.
type Conn struct {
	Remote  string        // the address the switch comes from
	Request *http.Request // for the identity of the caller

	*stream
}

var _ io.ReadWriteCloser = (*Conn)(nil)

// Close unblocks Read and Write, which then fail. It may be called again, and
// after serve has returned.
func (c *Conn) Close() error {
	c.stream.close()
	return nil
}
