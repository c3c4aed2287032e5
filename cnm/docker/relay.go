// SPDX-License-Identifier: Apache-2.0

package docker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/plugin"
)

// The times of a relay.
const (
	// Patience is how long a call waits for a switch that does not run, as at a
	// boot. Docker gives managed plugins 30 seconds. One that takes something away
	// waits a quarter of it: Docker makes several in a row, and goes on whatever
	// they answer.
	Patience  = 20 * time.Second
	dialPause = 100 * time.Millisecond
	// afterDial is what is left then: less than Docker waits in all.
	afterDial = 8 * time.Second
)

// Relay is what a managed plugin of Docker runs: it tells what the plugin is, and
// has the switch of the host answer everything else. So the plugin needs no
// right on the host but to that one socket, and can be enabled before the switch
// runs, as dockerd does at its start. It holds no state.
type Relay struct {
	itself   map[string]call
	socket   string
	patience time.Duration
	log      *slog.Logger
}

var _ http.Handler = (*Relay)(nil)

// NewRelay returns a relay to the switch that serves a [Server] with a Swarm at
// the socket; patience is how long a call waits for it, 0 being [Patience].
func NewRelay(socket string, patience time.Duration, log *slog.Logger) *Relay {
	if patience == 0 {
		patience = Patience
	}
	r := &Relay{itself: make(map[string]call), socket: socket, patience: patience, log: log}
	whole := New(Options{IPAM: globalSpace, Swarm: absent{}}).calls
	for _, operation := range []string{
		"/Plugin.Activate", "/NetworkDriver.GetCapabilities", "/IpamDriver.GetCapabilities", "/IpamDriver.GetDefaultAddressSpaces",
	} {
		r.itself[operation] = whole[operation]
	}
	return r
}

// isFarewell says whether a call takes something away.
func isFarewell(operation string) bool {
	switch strings.TrimPrefix(operation, "/") {
	case "NetworkDriver.Leave", "NetworkDriver.DeleteEndpoint", "NetworkDriver.DeleteNetwork", "NetworkDriver.RevokeExternalConnectivity",
		"IpamDriver.ReleaseAddress", "IpamDriver.ReleasePool":
		return true
	}
	return false
}

// absent stands for the books, which are the switch's.
type absent struct{ Swarm }

// dial waits for somebody to answer at the socket.
func (r *Relay) dial(ctx context.Context, patience time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", r.socket)
		if err == nil {
			return conn, nil
		}
		select {
		case <-ctx.Done():
			return nil, &linkspan.Error{
				Code: linkspan.Unavailable, Message: "no switch answers on this host",
				Hint: "start one: linkspan serve switch; see: linkspan doctor", Err: err,
			}
		case <-time.After(dialPause):
		}
	}
}

// ServeHTTP answers one request of Docker's.
func (r *Relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if own, ok := r.itself[req.URL.Path]; ok && req.Method == http.MethodPost {
		answer, err := own(req.Context(), req.Body)
		if err == nil {
			write(w, http.StatusOK, answer)
			return
		}
	}
	answer, status, err := r.ask(req)
	if err != nil {
		r.log.Warn("plugin call", "operation", req.URL.Path, "error", err)
		write(w, http.StatusOK, plugin.NewFailure(text(err)))
		return
	}
	w.Header().Set("Content-Type", plugin.ContentType)
	w.WriteHeader(status)
	_, _ = w.Write(answer) // Docker has gone; it learns nothing more
}

// ask has the switch answer. What was sent is not sent again when it ends in the
// middle: Docker decides.
func (r *Relay) ask(req *http.Request) (answer []byte, status int, err error) {
	body, err := io.ReadAll(io.LimitReader(req.Body, plugin.MaxBody+1)) // the switch refuses what is longer
	if err != nil {
		return nil, 0, err
	}
	patience := r.patience
	if isFarewell(req.URL.Path) {
		patience /= 4
	}
	ctx, cancel := context.WithTimeout(req.Context(), r.patience+afterDial)
	defer cancel()
	// A connection is for one call: the switch closes one that rests, and a call that
	// is on its way then would be lost.
	once := &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return r.dial(ctx, patience) },
	}
	again, err := http.NewRequestWithContext(ctx, req.Method, "http://switch"+req.URL.Path, bytes.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	again.GetBody = nil // nor by the transport
	response, err := once.RoundTrip(again)
	if err != nil {
		return nil, 0, unanswered(err)
	}
	answer, err = io.ReadAll(io.LimitReader(response.Body, plugin.MaxBody))
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, 0, unanswered(err)
	}
	return answer, response.StatusCode, nil
}

// unanswered is an error in words that mean something to who typed the command.
func unanswered(err error) error {
	var said *linkspan.Error
	if errors.As(err, &said) {
		return said
	}
	if errors.Is(err, context.Canceled) {
		return err // who asked has gone
	}
	return &linkspan.Error{
		Code: linkspan.Unavailable, Message: "the switch of this host ended in the middle of the call", Hint: "try again", Err: err,
	}
}

// Serve answers until ctx ends.
func (r *Relay) Serve(ctx context.Context, listener net.Listener) error {
	return serve(ctx, r, listener, r.patience+afterDial, r.log)
}
