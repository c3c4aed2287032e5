// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/linkspan/linkspan"
)

// request is the body of POST /v1/call.
type request struct {
	Service   string          `json:"service"`
	Call      string          `json:"call"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
}

// readRequest reads the body of a call: one JSON object without fields that are not known.
func readRequest(text []byte) (request, error) {
	var q request
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(&q)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is more than one object")
		}
	}
	if err == nil && (q.Service == "" || q.Call == "") {
		err = errors.New("service and call are wanted")
	}
	if err != nil {
		return q, invalid("this is no call: %v", err)
	}
	if string(q.Arguments) == "null" {
		q.Arguments = nil
	}
	return q, nil
}

// serveCall makes a call that is named in the body.
func (g *Gateway) serveCall(w http.ResponseWriter, r *http.Request, c Caller) error {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return &methodError{http.MethodPost}
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return invalid("the body cannot be read: %v", err)
	}
	q, err := readRequest(text)
	if err != nil {
		return err
	}
	s, call, arguments, err := g.lookUp(c, q)
	if err != nil {
		return err
	}
	if call.Adapter != nil || s.Local != nil {
		return g.make(w, r.Context(), c, s, &call, arguments)
	}
	out, err := passedRequest(r.Context(), s, &call, arguments)
	if err != nil {
		return err
	}
	return g.servePassed(w, out, c, s, call, call.Name)
}

// lookUp finds a call that is declared, and checks its arguments.
func (g *Gateway) lookUp(c Caller, q request) (*Service, linkspan.Call, map[string]string, error) {
	s, call, err := g.table.Load().find(q.Service, q.Call)
	if err != nil {
		return nil, call, nil, err
	}
	if err := g.admit(c, s, call, q.Call); err != nil {
		return nil, call, nil, err
	}
	if call.Name == "" {
		return nil, call, nil, &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("service %s declares no call %q", q.Service, q.Call), Hint: "GET /v1/services lists them"}
	}
	arguments, err := fromJSON(&call, q.Arguments)
	return s, call, arguments, err
}

// passedRequest is a call as a member's socket gets it.
func passedRequest(ctx context.Context, s *Service, call *linkspan.Call, arguments map[string]string) (*http.Request, error) {
	to := url.URL{Scheme: "http", Host: s.Name, Path: "/" + call.Name}
	if !call.Changes {
		q := url.Values{}
		for name, value := range arguments {
			q.Set(name, value)
		}
		to.RawQuery = q.Encode()
		return http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
	}
	body, err := json.Marshal(typed(call, arguments))
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(body))
	if err == nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, err
}

// typed gives arguments their types in JSON.
func typed(call *linkspan.Call, arguments map[string]string) map[string]any {
	values := make(map[string]any, len(arguments))
	for _, a := range call.Arguments {
		value, there := arguments[a.Name]
		switch {
		case !there:
		case len(a.OneOf) == 0 && (a.Type == typeInteger || a.Type == typeBoolean):
			values[a.Name] = json.RawMessage(value)
		default:
			values[a.Name] = value
		}
	}
	return values
}

// result makes a call that no socket answers.
func (g *Gateway) result(ctx context.Context, c Caller, s *Service, call *linkspan.Call, arguments map[string]string) ([]byte, error) {
	if s.Local == nil {
		return g.adapt(ctx, s, call, arguments)
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	answer, err := s.Local(ctx, c, call.Name, arguments)
	if call.Changes && g.options.Changed != nil {
		g.options.Changed(c, s.Name, call.Name, err)
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}

// Call makes a call that is declared, as a caller of this process, and returns the answer's body.
// Errors: those of the call; Unavailable when a member does not answer.
func (g *Gateway) Call(ctx context.Context, c Caller, service, call string, arguments map[string]any) ([]byte, error) {
	text, err := json.Marshal(arguments)
	if err != nil {
		return nil, err
	}
	if arguments == nil {
		text = nil
	}
	w := &answer{header: http.Header{}}
	body, err := json.Marshal(request{service, call, text})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://gateway/v1/call", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	g.serve(w, r, c)
	if w.status >= http.StatusBadRequest {
		return nil, w.err()
	}
	return w.body.Bytes(), nil
}
