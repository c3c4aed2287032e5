// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/linkspan/linkspan"
)

// refusal is the body of an answer that something could not be done.
type refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// fail answers with an error.
func fail(w http.ResponseWriter, err error) {
	status := statusOf(err)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(refusal{linkspan.CodeOf(err).String(), err.Error(), linkspan.HintOf(err)}) // nobody is left to be told
}

// statusOf returns the status of HTTP for an error.
func statusOf(err error) int {
	var method *methodError
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &method):
		return http.StatusMethodNotAllowed
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge
	}
	switch linkspan.CodeOf(err) {
	case linkspan.Invalid:
		return http.StatusBadRequest
	case linkspan.NotFound:
		return http.StatusNotFound
	case linkspan.Exists, linkspan.Conflict, linkspan.InUse:
		return http.StatusConflict
	case linkspan.Permission:
		return http.StatusForbidden
	case linkspan.Unauthenticated:
		return http.StatusUnauthorized
	case linkspan.Unavailable:
		return http.StatusServiceUnavailable
	case linkspan.Exhausted:
		return http.StatusTooManyRequests
	}
	return http.StatusInternalServerError
}

// resultOf is how a call ended, as it is counted.
func resultOf(err error) string {
	if err == nil {
		return "ok"
	}
	return linkspan.CodeOf(err).String()
}

// watched remembers the status of an answer.
type watched struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *watched) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController find what else the writer can do.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *watched) result() string {
	switch {
	case w.status == http.StatusServiceUnavailable:
		return linkspan.Unavailable.String()
	case w.status >= http.StatusInternalServerError:
		return linkspan.Internal.String()
	case w.status >= http.StatusBadRequest:
		return linkspan.Invalid.String()
	}
	return "ok"
}

// maxAnswer is how much of an answer this process takes from a member, in bytes.
const maxAnswer = 1 << 20

// answer keeps an answer for a caller of this process.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	if a.body.Len()+len(p) > maxAnswer {
		return 0, &linkspan.Error{Code: linkspan.Exhausted, Message: fmt.Sprintf("the answer is longer than %d bytes", maxAnswer)}
	}
	return a.body.Write(p)
}

// err returns what went wrong, as the answer has it.
func (a *answer) err() error {
	var r refusal
	if json.Unmarshal(a.body.Bytes(), &r) == nil && r.Message != "" {
		return &linkspan.Error{Code: linkspan.ParseCode(r.Code), Message: r.Message, Hint: r.Hint}
	}
	return &linkspan.Error{Code: linkspan.Internal, Message: fmt.Sprintf("the service answered with status %d", a.status)}
}
