// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
)

// failing is a service that fails with the error it holds.
type failing struct {
	apiv1connect.UnimplementedSystemServiceHandler
	err error
}

func (f failing) Version(context.Context, *connect.Request[apiv1.SystemServiceVersionRequest]) (*connect.Response[apiv1.SystemServiceVersionResponse], error) {
	return nil, api.ToRPC(f.err)
}

// overTheWire returns what a client gets of an error.
func overTheWire(t *testing.T, err error, options ...connect.ClientOption) error {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(apiv1connect.NewSystemServiceHandler(failing{err: err}))
	s := httptest.NewServer(mux)
	defer s.Close()
	c := api.NewClient(s.Client(), s.URL, options...)
	defer c.Close()
	_, got := c.System.Version(t.Context(), connect.NewRequest(&apiv1.SystemServiceVersionRequest{}))
	return api.FromRPC(got)
}

func TestErrorsCrossTheWire(t *testing.T) {
	for protocol, options := range map[string][]connect.ClientOption{
		"connect": nil, "json": {connect.WithProtoJSON()}, "grpc-web": {connect.WithGRPCWeb()},
	} {
		for code := linkspan.Internal; code <= linkspan.InUse; code++ {
			t.Run(protocol+"/"+code.String(), func(t *testing.T) {
				sent := &linkspan.Error{
					Code: code, Op: "create network web", Message: "it has \"quotes\" and ünïcode",
					Hint: "type: linkspan network ls", Err: errors.New("the cause"),
				}
				want := &linkspan.Error{Code: code, Message: "outer: " + sent.Error(), Hint: sent.Hint}
				got, ok := overTheWire(t, fmt.Errorf("outer: %w", sent), options...).(*linkspan.Error) //nolint:errorlint // exactly this type is promised
				if !ok {
					t.Fatal("not a coded error")
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestPlainErrorsAreInternal(t *testing.T) {
	err := overTheWire(t, errors.New("boom"))
	if linkspan.CodeOf(err) != linkspan.Internal || err.Error() != "boom" || linkspan.HintOf(err) != "" {
		t.Errorf("got %v", err)
	}
}

func TestNoErrorStaysNone(t *testing.T) {
	if err := api.ToRPC(nil); err != nil {
		t.Errorf("to the wire: %v", err)
	}
	if err := api.FromRPC(nil); err != nil {
		t.Errorf("from the wire: %v", err)
	}
}

func TestToRPCKeepsWhatIsCodedAlready(t *testing.T) {
	already := connect.NewError(connect.CodeUnimplemented, errors.New("no such call"))
	if got := api.ToRPC(already); !errors.Is(got, already) {
		t.Errorf("got %v", got)
	}
	for err, want := range map[error]connect.Code{
		context.Canceled:         connect.CodeCanceled,
		context.DeadlineExceeded: connect.CodeDeadlineExceeded,
	} {
		if got := connect.CodeOf(api.ToRPC(fmt.Errorf("wait: %w", err))); got != want {
			t.Errorf("%v: got %s, want %s", err, got, want)
		}
	}
}

func TestFromRPCOfWhatIsNoRPCError(t *testing.T) {
	plain := errors.New("plain")
	if got := api.FromRPC(plain); !errors.Is(got, plain) {
		t.Errorf("got %v", got)
	}
	foreign := api.FromRPC(connect.NewError(connect.CodeAlreadyExists, errors.New("theirs")))
	if linkspan.CodeOf(foreign) != linkspan.Exists {
		t.Errorf("got %v", foreign)
	}
	unknown := api.FromRPC(connect.NewError(connect.CodeDataLoss, errors.New("theirs")))
	if linkspan.CodeOf(unknown) != linkspan.Internal {
		t.Errorf("got %v", unknown)
	}
}

func TestContextErrors(t *testing.T) {
	local := api.FromRPC(connect.NewError(connect.CodeCanceled, fmt.Errorf("call: %w", context.Canceled)))
	if !errors.Is(local, context.Canceled) {
		t.Errorf("who gave up is told so: got %v", local)
	}
	late := overTheWire(t, context.DeadlineExceeded)
	if linkspan.CodeOf(late) != linkspan.Unavailable || !errors.Is(late, context.DeadlineExceeded) {
		t.Errorf("late: got %v", late)
	}
	ending := overTheWire(t, context.Canceled)
	if linkspan.CodeOf(ending) != linkspan.Unavailable || errors.Is(ending, context.Canceled) {
		t.Errorf("a server that ends is away, and the caller did not give up: got %v", ending)
	}
}

// refusing is a transport whose connections this side refuses.
type refusing struct{ err error }

func (r refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, r.err }

func TestConnectionsThatFail(t *testing.T) {
	call := func(err error) error {
		c := api.NewClient(&http.Client{Transport: refusing{err}}, "https://controller")
		_, got := c.System.Version(t.Context(), connect.NewRequest(&apiv1.SystemServiceVersionRequest{}))
		return api.FromRPC(got)
	}
	if err := call(errors.New("connection refused")); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Errorf("got %v", err)
	}
	stranger := call(&linkspan.Error{Code: linkspan.Unauthenticated, Message: "a stranger", Hint: "check the address"})
	if linkspan.CodeOf(stranger) != linkspan.Unauthenticated || linkspan.HintOf(stranger) != "check the address" {
		t.Errorf("this side's refusal is lost: got %v", stranger)
	}
}
