// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"strconv"

	"github.com/linkspan/linkspan"
)

// Path is where the controller serves the channel.
const Path = "/openflow/1"

const (
	contentType  = "application/vnd.linkspan.openflow"
	numberHeader = "Linkspan-Channel" // the channel's number on the connection
)

// Dial opens a channel through h, whose transport is a Transport, to base. It
// returns once the controller has accepted it; ctx bounds that and then the life
// of the channel. A refusal has code Permission or Unauthenticated, an
// unreachable controller Unavailable.
func Dial(ctx context.Context, h *http.Client, base string) (io.ReadWriteCloser, error) {
	c := &dialed{number: uint16(1 + rand.N(grantBit-1))} // late frames of another are not taken for its own
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: c.got})
	req, err := http.NewRequestWithContext(traced, http.MethodPost, base+Path, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set(numberHeader, strconv.Itoa(int(c.number)))
	resp, err := h.Do(req)
	if err != nil {
		c.give()
		return nil, &linkspan.Error{Code: linkspan.Unavailable, Op: "open openflow channel", Err: err}
	}
	resp.Body.Close()
	switch {
	case resp.StatusCode != http.StatusOK:
		c.give()
		return nil, refused(resp.StatusCode)
	case c.stream == nil:
		return nil, &linkspan.Error{Code: linkspan.Internal, Op: "open openflow channel", Message: "the connection carries no channels", Err: c.err}
	}
	c.forget = context.AfterFunc(ctx, c.close)
	return c, nil
}

func refused(status int) error {
	code := linkspan.Unavailable
	switch status {
	case http.StatusForbidden:
		code = linkspan.Permission
	case http.StatusUnauthorized:
		code = linkspan.Unauthenticated
	}
	return &linkspan.Error{Code: code, Op: "open openflow channel", Message: "the controller answered " + http.StatusText(status)}
}

// dialed is the switch's end.
type dialed struct {
	*stream
	number uint16
	err    error       // why there is no stream
	forget func() bool // ctx
}

// got opens the stream on the connection that the request goes by; a request may
// go by another when the first one breaks.
func (c *dialed) got(info httptrace.GotConnInfo) {
	c.give()
	main, ok := info.Conn.(mainConn)
	if !ok {
		c.err = errors.New("it is not of a channel's transport")
		return
	}
	c.stream, c.err = main.carrier.open(c.number, nil)
}

// give gives up the stream, if there is one.
func (c *dialed) give() {
	if c.stream != nil {
		c.close()
	}
}

// Close unblocks Read and Write, which then fail. It may be called again.
func (c *dialed) Close() error {
	c.forget()
	c.close()
	return nil
}
