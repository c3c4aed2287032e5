// SPDX-License-Identifier: Apache-2.0

package plug

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/plugin"
)

// Refused is an answer by which a plugin says no: it was reached, and did not do
// what it was asked.
type Refused struct {
	Plugin, Operation string
	Status            int    // of HTTP
	Text              string // the plugin's own words
}

// Error returns who refuses what.
func (r *Refused) Error() string {
	if r.Text == "" {
		return fmt.Sprintf("plugin %s: %s: status %d", r.Plugin, r.Operation, r.Status)
	}
	return "plugin " + r.Plugin + ": " + r.Text
}

// IsRefused says whether err is a plugin's answer and not a failure to reach it.
func IsRefused(err error) bool {
	var r *Refused
	return errors.As(err, &r)
}

// IsUnknown says whether err is that the plugin does not know the operation.
func IsUnknown(err error) bool {
	var r *Refused
	return errors.As(err, &r) && r.Status == http.StatusNotFound
}

// Call has the plugin do an operation of one of its interfaces. req is nil for
// one without a body, answer for one whose answer says nothing. A refusal is a
// *Refused; the error has code NotFound when there is no such plugin, and
// Unavailable when it cannot be reached. A call whose answer was lost is not
// repeated: the caller knows whether it may be.
func (p *Plugin) Call(ctx context.Context, kind, operation string, req, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, p.options.Limit)
	defer cancel()
	client, base, err := p.greet(ctx, kind)
	if err != nil {
		return err
	}
	return p.post(ctx, client, base+"/"+kind+"."+operation, req, answer)
}

// post sends a request once a connection is there.
func (p *Plugin) post(ctx context.Context, client *http.Client, url string, req, answer any) error {
	var body []byte
	if req != nil {
		var err error
		if body, err = json.Marshal(req); err != nil {
			return fmt.Errorf("write request: %w", err)
		}
	}
	return p.patiently(ctx, func() error { return p.postOnce(ctx, client, url, body, answer) })
}

func (p *Plugin) postOnce(ctx context.Context, client *http.Client, url string, body []byte, answer any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	r.Header.Set("Accept", plugin.ContentType)
	r.Header.Set("Content-Type", plugin.ContentType)
	response, err := client.Do(r)
	if err != nil {
		return p.unreachable(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, plugin.MaxBody+1))
	if err != nil {
		return p.unreachable(err)
	}
	operation := url[strings.LastIndexByte(url, '/')+1:]
	if err := plugin.DecodeAnswer(text, response.StatusCode, answer); err != nil {
		return p.explain(operation, response.StatusCode, err)
	}
	return nil
}

func (p *Plugin) explain(operation string, status int, err error) error {
	var failed *plugin.FailedError
	if errors.As(err, &failed) {
		return &Refused{Plugin: p.options.Name, Operation: operation, Status: status, Text: failed.Text}
	}
	return fmt.Errorf("plugin %s: %s: %w", p.options.Name, operation, err)
}

func (p *Plugin) unreachable(err error) error {
	return &linkspan.Error{
		Code: linkspan.Unavailable, Message: "plugin " + p.options.Name + " does not answer", Err: err,
		Hint: "is it running?",
	}
}

// The pauses between attempts to reach a plugin.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 2 * time.Second
)

// patiently repeats what failed before anything was sent.
func (p *Plugin) patiently(ctx context.Context, do func() error) error {
	patience, cancel := context.WithTimeout(ctx, p.options.Patience)
	defer cancel()
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := do()
		var dial *net.OpError
		unsent := linkspan.CodeOf(err) == linkspan.NotFound || errors.As(err, &dial) && dial.Op == "dial"
		if err == nil || !unsent {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-patience.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
	}
}
