// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync/atomic"
	"time"

	"github.com/linkspan/linkspan"
)

// Bounds of a call.
const (
	maxBody    = 1 << 20          // bytes
	callTime   = time.Minute      // until a member begins to answer
	totalTime  = 10 * time.Minute // of a call that is passed on, until its end
	maxAtOnce  = 1024             // calls under way, without those who listen to events
	patience   = 5 * time.Second  // unless Options say so
	headerTime = 10 * time.Second
)

// Options are what a gateway needs. Composite is.
type Options struct {
	Composite string
	Exec      Executor                                         // nil: calls with adapters are Unavailable
	Patience  time.Duration                                    // how long a member that does not answer is looked for; 0: 5 s
	Observe   func(service, result string, took time.Duration) // called with each call that was let in; nil: nobody counts
	Denied    func(c Caller, service, call string)             // called with each one that was not; nil: nobody wants to know
	Changed   func(c Caller, service, call string, err error)  // called after each call of a local service that changes something; nil: as above
	Log       *slog.Logger                                     // discard if nil
}

// Gateway is the call interface of one composite. Its methods may be called by any number of
// goroutines.
type Gateway struct {
	options  Options
	table    atomic.Pointer[Table]
	health   health
	bus      bus
	proxy    *httputil.ReverseProxy
	errorLog *log.Logger
	under    chan struct{} // an entry for each call under way
}

// New returns a gateway without services.
func New(o Options) *Gateway {
	if o.Patience == 0 {
		o.Patience = patience
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	g := &Gateway{options: o, under: make(chan struct{}, maxAtOnce), errorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug)}
	g.table.Store(&Table{})
	g.proxy = g.newProxy()
	return g
}

// Set has the gateway offer what is in a table, from the next call on. Calls that wait
// for a member find it there. The error is Invalid; then nothing has changed.
func (g *Gateway) Set(t Table) error {
	if err := t.Validate(); err != nil {
		return err
	}
	g.table.Store(&t)
	return nil
}

// For returns the call interface as one caller has it.
func (g *Gateway) For(c Caller) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { g.serve(w, r, c) })
}

// serve finds what a request is about.
func (g *Gateway) serve(w http.ResponseWriter, r *http.Request, c Caller) {
	w.Header().Set("Cache-Control", "no-store")
	r.Header.Del(CallerHeader)
	switch r.URL.Path {
	case "/healthz":
		g.serveHealth(w, r)
	case "/openapi.json":
		g.serveOpenAPI(w, r, c)
	case "/v1/services":
		g.serveServices(w, r, c)
	case "/v1/events":
		g.serveEvents(w, r, c)
	case "/v1/call":
		g.bounded(w, r, func() error { return g.serveCall(w, r, c) })
	default:
		g.bounded(w, r, func() error { return g.servePath(w, r, c) })
	}
}

// bounded makes a call within the bounds of all of them.
func (g *Gateway) bounded(w http.ResponseWriter, r *http.Request, call func() error) {
	select {
	case g.under <- struct{}{}:
		defer func() { <-g.under }()
	default:
		fail(w, &linkspan.Error{Code: linkspan.Exhausted, Message: "too many calls are under way", Hint: "try again"})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := call(); err != nil {
		fail(w, err)
	}
}

// servePath makes a call that is named by its path: /v1/SERVICE/CALL.
func (g *Gateway) servePath(w http.ResponseWriter, r *http.Request, c Caller) error {
	rest, found := strings.CutPrefix(r.URL.Path, "/v1/")
	service, inner, _ := strings.Cut(rest, "/")
	if !found || service == "" {
		return &linkspan.Error{Code: linkspan.NotFound, Message: "there is nothing at this path", Hint: "GET /openapi.json shows what there is"}
	}
	name, more, _ := strings.Cut(inner, "/")
	s, call, err := g.table.Load().find(service, name)
	if err != nil {
		return err
	}
	if err := g.admit(c, s, call, name); err != nil {
		return err
	}
	if err := methodFits(w, r.Method, call); err != nil {
		return err
	}
	if call.Adapter == nil && s.Local == nil {
		return g.servePassed(w, r, c, s, call, inner)
	}
	if call.Name == "" || more != "" {
		return &linkspan.Error{Code: linkspan.NotFound, Message: "service " + service + " has no such call", Hint: "GET /v1/services lists them"}
	}
	arguments, err := argumentsOf(r, &call)
	if err != nil {
		return err
	}
	return g.make(w, r.Context(), c, s, &call, arguments)
}

// admit refuses who may not make a call.
func (g *Gateway) admit(c Caller, s *Service, call linkspan.Call, said string) error {
	if c.may(s, call) {
		return nil
	}
	if g.options.Denied != nil {
		g.options.Denied(c, s.Name, said)
	}
	return denied(c, s.Name+"/"+said)
}

// methodFits says whether a method is one that the call is made by; all are of those that
// are not declared.
func methodFits(w http.ResponseWriter, method string, call linkspan.Call) error {
	looks := method == http.MethodGet || method == http.MethodHead
	if call.Name == "" || looks != call.Changes {
		return nil
	}
	allowed := "GET"
	if call.Changes {
		allowed = "POST"
	}
	w.Header().Set("Allow", allowed)
	return &methodError{allowed}
}

// methodError is an error of HTTP alone.
type methodError struct{ allowed string }

func (e *methodError) Error() string { return "this call is made by " + e.allowed }

func argumentsOf(r *http.Request, call *linkspan.Call) (map[string]string, error) {
	if !call.Changes {
		return fromQuery(call, r.URL.RawQuery)
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, invalid("the body cannot be read: %v", err)
	}
	return fromJSON(call, text)
}

// servePassed passes a call on to a member's socket.
func (g *Gateway) servePassed(w http.ResponseWriter, r *http.Request, c Caller, s *Service, call linkspan.Call, inner string) error {
	if r.Header.Get("Upgrade") != "" {
		return invalid("a connection for another protocol is not passed on")
	}
	if s.Socket == "" {
		return &linkspan.Error{Code: linkspan.NotFound, Message: "service " + s.Name + " has no such call", Hint: "GET /v1/services lists them"}
	}
	for part := range strings.SplitSeq(inner, "/") {
		if part == ".." || part == "." {
			return invalid("a path has no part %q", part)
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), totalTime)
	defer cancel()
	looks := r.Method == http.MethodGet || r.Method == http.MethodHead
	began, out := time.Now(), &watched{ResponseWriter: w}
	g.pass(out, r.WithContext(ctx), proxied{service: s.Name, caller: c, path: "/" + inner, again: looks})
	g.count(s.Name, out.result(), began)
	return nil
}

// make makes a call by an adapter or a function of this process, and answers.
func (g *Gateway) make(w http.ResponseWriter, ctx context.Context, c Caller, s *Service, call *linkspan.Call, arguments map[string]string) error { //nolint:revive // as http.Handler has it
	began := time.Now()
	text, err := g.result(ctx, c, s, call, arguments)
	g.count(s.Name, resultOf(err), began)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text) // nobody is left to be told
	return nil
}

func (g *Gateway) count(service, result string, began time.Time) {
	if g.options.Observe != nil {
		g.options.Observe(service, result, time.Since(began))
	}
}
