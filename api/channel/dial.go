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
	"sync"

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
	ctx, cancel := context.WithCancel(ctx)
	c := &dialed{cancel: cancel, number: uint16(1 + rand.N(grantBit-1))} // late frames of another are not taken for its own
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: c.got})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+Path, http.NoBody)
	if err != nil {
		cancel()
		return nil, err
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set(numberHeader, strconv.Itoa(int(c.number)))
	resp, err := h.Do(req)
	if err != nil {
		c.Close()
		return nil, &linkspan.Error{Code: linkspan.Unavailable, Op: "open openflow channel", Err: err}
	}
	if resp.StatusCode != http.StatusOK {
		c.Close()
		resp.Body.Close()
		return nil, refused(resp.StatusCode)
	}
	if c.stream == nil {
		c.Close()
		resp.Body.Close()
		return nil, &linkspan.Error{Code: linkspan.Internal, Op: "open openflow channel", Message: "the connection carries no channels", Err: c.err}
	}
	go func() { // until the controller ends the request, or Close or ctx does
		_, err := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		c.stream.end(ending(err))
	}()
	return c, nil
}

// ending returns how a channel has ended whose request has.
func ending(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
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
	err    error // why there is no stream
	cancel context.CancelFunc
	once   sync.Once
}

// got opens the stream on the connection that the request goes by; a request may
// go by another when the first one breaks.
func (c *dialed) got(info httptrace.GotConnInfo) {
	if c.stream != nil {
		c.stream.close()
	}
	main, ok := info.Conn.(mainConn)
	if !ok {
		c.err = errors.New("it is not of a channel's transport")
		return
	}
	c.stream, c.err = main.carrier.open(c.number)
}

func (c *dialed) Close() error {
	c.once.Do(func() {
		c.cancel()
		if c.stream != nil {
			c.stream.close()
		}
	})
	return nil
}
