// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"connectrpc.com/connect"
	"go.uber.org/goleak"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
)

// counting streams events until its caller goes.
type counting struct {
	apiv1connect.UnimplementedEventServiceHandler
	next chan string
	gone chan struct{}
}

func (c counting) Watch(ctx context.Context, _ *connect.Request[apiv1.EventServiceWatchRequest], stream *connect.ServerStream[apiv1.EventServiceWatchResponse]) error {
	defer close(c.gone)
	for {
		select {
		case <-ctx.Done():
			return api.ToRPC(ctx.Err())
		case subject := <-c.next:
			if err := stream.Send(&apiv1.EventServiceWatchResponse{Event: &apiv1.Event{Subject: subject}}); err != nil {
				return err
			}
		}
	}
}

func (c counting) List(context.Context, *connect.Request[apiv1.EventServiceListRequest]) (*connect.Response[apiv1.EventServiceListResponse], error) {
	return connect.NewResponse(&apiv1.EventServiceListResponse{}), nil
}

// serveUnix serves a service on a local socket, without TLS, until the test ends.
func serveUnix(t *testing.T, h http.Handler) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.sock")
	l, err := new(net.ListenConfig).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h, Protocols: new(http.Protocols), ReadHeaderTimeout: time.Minute}
	s.Protocols.SetUnencryptedHTTP2(true)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Serve(l) // ends with Close
	}()
	t.Cleanup(func() { _ = s.Close(); <-ended })
	return path
}

func TestUnixStreams(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	service := counting{next: make(chan string), gone: make(chan struct{})}
	mux := http.NewServeMux()
	mux.Handle(apiv1connect.NewEventServiceHandler(service))
	client := api.Unix(serveUnix(t, mux))
	defer client.Close()

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	// Connect sends a stream's head with its first message, so that comes first.
	go func() { service.next <- "one" }()
	stream, err := client.Events.Watch(ctx, connect.NewRequest(&apiv1.EventServiceWatchRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{"one", "two", "three"} {
		if subject != "one" {
			service.next <- subject // the next is sent only when the last was read: nothing is held back
		}
		if !stream.Receive() || stream.Msg().GetEvent().GetSubject() != subject {
			t.Fatalf("want %s, got %v, %v", subject, stream.Msg(), stream.Err())
		}
		if _, err := client.Events.List(ctx, connect.NewRequest(&apiv1.EventServiceListRequest{})); err != nil {
			t.Fatalf("a call beside a stream: %v", err)
		}
	}
	cancel()
	select {
	case <-service.gone:
	case <-time.After(time.Minute):
		t.Fatal("the server does not learn that the caller went")
	}
	_ = stream.Close() // its context has ended
}

func TestNobodyBehindASocket(t *testing.T) {
	client := api.Unix(filepath.Join(t.TempDir(), "none.sock"))
	defer client.Close()
	_, err := client.Events.List(t.Context(), connect.NewRequest(&apiv1.EventServiceListRequest{}))
	if linkspan.CodeOf(api.FromRPC(err)) != linkspan.Unavailable {
		t.Errorf("got %v, want code unavailable", err)
	}
}
