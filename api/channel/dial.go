// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"context"
	"io"
	"net/http"
	"sync"

	"github.com/linkspan/linkspan"
)

// Path is where the controller serves the channel.
const Path = "/openflow/1"

const contentType = "application/vnd.linkspan.openflow"

// Dial opens a channel through h to base. It returns once the controller has
// accepted it; ctx bounds that and then the life of the channel. A refusal has
// code Permission or Unauthenticated, an unreachable controller Unavailable.
func Dial(ctx context.Context, h *http.Client, base string) (io.ReadWriteCloser, error) {
	body, out := io.Pipe()
	ctx, cancel := context.WithCancel(ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+Path, body)
	if err != nil {
		cancel()
		return nil, err
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := h.Do(req)
	if err != nil {
		cancel()
		return nil, &linkspan.Error{Code: linkspan.Unavailable, Op: "open openflow channel", Err: err}
	}
	if resp.StatusCode != http.StatusOK {
		cancel()
		resp.Body.Close()
		return nil, refused(resp.StatusCode)
	}
	// The transport waits for bytes to send and looks at ctx only after them.
	context.AfterFunc(ctx, func() { out.CloseWithError(ctx.Err()) })
	return &dialed{out: out, in: resp.Body, cancel: cancel}, nil
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
	out    *io.PipeWriter
	in     io.ReadCloser
	cancel context.CancelFunc
	once   sync.Once
}

func (c *dialed) Read(p []byte) (int, error)  { return c.in.Read(p) }
func (c *dialed) Write(p []byte) (int, error) { return c.out.Write(p) }

func (c *dialed) Close() error {
	c.once.Do(func() {
		c.out.Close()
		c.cancel()
		c.in.Close()
	})
	return nil
}
