// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/nos/rpc/rpctest"
	"github.com/linkspan/linkspan/trust"
	"github.com/linkspan/linkspan/trust/audit"
)

// waits is a service in which somebody sits until he is sent away.
type waits struct{ echo }

func (waits) Attach(ctx context.Context, _ string, t rpc.Terminal) error {
	if _, err := t.Out.Write([]byte("#")); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

// What lasts ends when its user is removed, or may not do it any more.
func TestWhatLastsEndsWithItsUser(t *testing.T) {
	var gone, less atomic.Bool
	w := rpctest.New(t, func(o *rpc.Options) {
		o.AskAgain = 10 * time.Millisecond
		o.Attach = waits{}
		o.Again = func(u access.User) (access.User, error) {
			if gone.Load() {
				return u, &linkspan.Error{Code: linkspan.Unauthenticated, Message: u.Name + " is no user any more"}
			}
			if less.Load() {
				u.Role = trust.RoleViewer
			}
			return u, nil
		}
	})
	c := w.As(t, "operator")
	monitor, err := c.Operate.Monitor(t.Context(), connect.NewRequest(&apiv1.OperateServiceMonitorRequest{}))
	if err != nil || !monitor.Receive() {
		t.Fatal(err, monitor.Err())
	}
	attach := c.Operate.Attach(t.Context())
	if err := attach.Send(&apiv1.OperateServiceAttachRequest{Service: "routing"}); err != nil {
		t.Fatal(err)
	}
	if _, err := attach.Receive(); err != nil {
		t.Fatal(err)
	}
	less.Store(true)
	if _, err := attach.Receive(); linkspan.CodeOf(api.FromRPC(err)) != linkspan.Permission {
		t.Errorf("a viewer sits in a service: %v", err)
	}
	if e := last(w); e.Kind != audit.Denied || e.Text != "attach routing" {
		t.Errorf("the audit log has %+v", e)
	}
	gone.Store(true)
	for monitor.Receive() {
	}
	if err := monitor.Err(); linkspan.CodeOf(api.FromRPC(err)) != linkspan.Unauthenticated {
		t.Errorf("who is no user looks on: %v", err)
	}
}
