// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"time"

	"github.com/linkspan/linkspan"
)

// CallerHeader tells a member who calls: KIND/NAME. What a caller says himself is thrown away.
const CallerHeader = "Linkspan-Caller"

// Between two tries to reach a member.
const (
	firstPause = time.Millisecond
	lastPause  = 50 * time.Millisecond
)

// proxied is a call on its way to a member.
type proxied struct {
	service string
	caller  Caller
	path    string // at the member
	again   bool   // it changes nothing: it may be made twice
}

type proxiedKey struct{}

// newProxy returns what passes calls on to the sockets of members.
func (g *Gateway) newProxy() *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Transport:  roundTripper{g},
		ErrorLog:   g.errorLog,
		BufferPool: &buffers{},
		Rewrite: func(r *httputil.ProxyRequest) {
			p, _ := r.In.Context().Value(proxiedKey{}).(proxied)
			r.Out.URL.Scheme, r.Out.URL.Path, r.Out.URL.RawPath = "http", p.path, ""
			r.Out.Host = p.service
			r.Out.Header.Set(CallerHeader, p.caller.Kind+"/"+p.caller.Name)
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) { fail(w, err) },
	}
}

// pass passes a request on to the socket of a service.
func (g *Gateway) pass(w http.ResponseWriter, r *http.Request, p proxied) {
	ctx := context.WithValue(r.Context(), proxiedKey{}, p)
	g.proxy.ServeHTTP(w, r.WithContext(ctx))
}

// roundTripper finds the member of a call and passes the call on.
type roundTripper struct{ *Gateway }

// RoundTrip implements http.RoundTripper. A member that cannot be reached is looked for
// again: meanwhile another one may have its place.
func (t roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	p, _ := r.Context().Value(proxiedKey{}).(proxied)
	body := r.Body
	if body != nil {
		r.Body = kept{body}
		defer body.Close() //nolint:errcheck // the server's own
	}
	again := p.again && (body == nil || body == http.NoBody)
	deadline := time.Now().Add(t.options.Patience)
	for wait := firstPause; ; wait = min(2*wait, lastPause) {
		answer, err := t.once(r, p)
		var unreached *dialError
		if err == nil || !again && !errors.As(err, &unreached) || time.Now().After(deadline) || r.Context().Err() != nil {
			if err != nil && linkspan.CodeOf(err) == linkspan.Internal {
				err = away(p.service, err)
			}
			return answer, err
		}
		select {
		case <-r.Context().Done():
		case <-time.After(wait):
		}
	}
}

// once tries the member that has the service now.
func (t roundTripper) once(r *http.Request, p proxied) (*http.Response, error) {
	s, _, err := t.table.Load().find(p.service, "")
	if err != nil {
		return nil, err
	}
	if s.Backend == nil || !s.Backend.enter() {
		return nil, &dialError{errors.New("it is being replaced")}
	}
	out := r.Clone(r.Context())
	out.URL.Host = s.Socket
	answer, err := s.Backend.transport.RoundTrip(out)
	if err != nil {
		s.Backend.leave()
		return nil, err
	}
	answer.Body = &leaving{ReadCloser: answer.Body, leave: s.Backend.leave}
	return answer, nil
}

// kept is a body that a transport which has not read it does not close.
type kept struct{ io.Reader }

func (kept) Close() error { return nil }

// leaving is an answer with whose end the call has left the member.
type leaving struct {
	io.ReadCloser
	leave func()
}

// Close implements io.Closer; it is called once at least.
func (l *leaving) Close() error {
	err := l.ReadCloser.Close()
	if l.leave != nil {
		l.leave()
		l.leave = nil
	}
	return err
}
