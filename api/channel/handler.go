// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"context"
	"io"
	"net/http"
	"strconv"
)

// Handler serves Path. It runs serve with each channel, in a goroutine of the
// connection's, and closes the channel when serve returns. serve's context has the
// values of the request's and ends with the channel.
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
		ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
		s, err := c.open(uint16(number), cancel)
		if err != nil {
			cancel()
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		conn := &Conn{stream: s, Remote: r.RemoteAddr, Request: r}
		c.serving.Go(func() {
			defer s.close()
			serve(ctx, conn)
		})
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(http.StatusOK)
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
	c.close()
	return nil
}
