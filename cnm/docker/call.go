// SPDX-License-Identifier: Apache-2.0

package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/plugin"
)

// call answers one operation.
type call func(ctx context.Context, body io.Reader) (any, error)

// badRequest is an error of the request itself: nothing was done.
type badRequest struct{ err error }

func (b badRequest) Error() string { return b.err.Error() }
func (b badRequest) Unwrap() error { return b.err }

// with returns a call that needs a body.
func with[R any, P interface {
	*R
	plugin.Request
}](do func(context.Context, *R) (any, error)) call {
	return func(ctx context.Context, body io.Reader) (any, error) {
		req := new(R)
		if err := plugin.Decode(body, P(req)); err != nil {
			return nil, badRequest{err}
		}
		return do(ctx, req)
	}
}

// constant returns a call whose answer is always the same; its body, which
// Docker leaves empty, is not read.
func constant(answer any) call {
	return func(context.Context, io.Reader) (any, error) { return answer, nil }
}

// ServeHTTP answers one request of Docker's.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	do, ok := s.calls[r.URL.Path]
	switch {
	case !ok:
		write(w, http.StatusNotFound, plugin.NewFailure("no such operation: "+r.URL.Path))
		return
	case r.Method != http.MethodPost:
		write(w, http.StatusMethodNotAllowed, plugin.NewFailure("operations are POST requests"))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.options.Limit)
	defer cancel()
	begun := time.Now()
	answer, err := s.contain(ctx, do, r)
	took := time.Since(begun)
	s.options.Log.Debug("plugin call", "operation", r.URL.Path, "took", took, "error", err)
	s.options.Observe(strings.TrimPrefix(r.URL.Path, "/"), resultOf(err), took)
	if err != nil {
		write(w, statusOf(err), plugin.NewFailure(text(err)))
		return
	}
	write(w, http.StatusOK, answer)
}

func resultOf(err error) string {
	if err != nil {
		return "error"
	}
	return "ok"
}

// contain turns a panic into an error: a connection that breaks would make
// Docker repeat the call without its body.
func (s *Server) contain(ctx context.Context, do call, r *http.Request) (answer any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			s.options.Log.Error("plugin call panicked",
				"operation", r.URL.Path, "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			answer, err = nil, panicked{}
		}
	}()
	return do(ctx, r.Body)
}

type panicked struct{}

func (panicked) Error() string { return "internal error, see the log of linkspan" }

// statusOf is 200 for an operation that failed: Docker then shows the words
// alone, for both kinds of drivers.
func statusOf(err error) int {
	var bad badRequest
	var fault panicked
	switch {
	case errors.As(err, &bad):
		return http.StatusBadRequest
	case errors.As(err, &fault):
		return http.StatusInternalServerError
	}
	return http.StatusOK
}

// text returns the error with its hint, on one line.
func text(err error) string {
	if hint := linkspan.HintOf(err); hint != "" {
		return err.Error() + "; " + hint
	}
	return err.Error()
}

func write(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", plugin.ContentType)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // Docker has gone; it learns nothing more
}
