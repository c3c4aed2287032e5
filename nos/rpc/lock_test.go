// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/nos/rpc/rpctest"
	"github.com/linkspan/linkspan/trust/audit"
)

func lock(t *testing.T, c *api.Client) error {
	t.Helper()
	_, err := c.Config.Lock(t.Context(), connect.NewRequest(&apiv1.ConfigServiceLockRequest{}))
	return api.FromRPC(err)
}

func unlock(t *testing.T, c *api.Client, session uint64) error {
	t.Helper()
	_, err := c.Config.Unlock(t.Context(), connect.NewRequest(&apiv1.ConfigServiceUnlockRequest{Session: session}))
	return api.FromRPC(err)
}

// An administrator takes the lock from whoever has it, and nobody else does.
func TestLockIsTaken(t *testing.T) {
	w := rpctest.New(t)
	admin, operator := w.As(t, "admin"), w.As(t, "operator")
	if err := lock(t, operator); err != nil {
		t.Fatal(err)
	}
	id := uint64(w.Manager.Sessions()[0].ID) //nolint:gosec // they count from 1
	if err := set(t, admin, 0, "set vlans 10"); linkspan.CodeOf(err) != linkspan.Conflict {
		t.Fatalf("it is not locked: %v", err)
	}
	if err := unlock(t, admin, id); err != nil {
		t.Fatal(err)
	}
	if e := last(w); e.Kind != audit.Call || e.Text != "unlock session 1 of operator" {
		t.Errorf("the audit log has %+v", e)
	}
	if n := len(w.Manager.Sessions()); n != 0 { // nothing was left in it
		t.Errorf("%d sessions", n)
	}
	if err := set(t, admin, 0, "set vlans 10"); err != nil {
		t.Error(err)
	}
	if _, err := commit(t, admin, 0, &apiv1.ConfigServiceCommitRequest{}); err != nil {
		t.Fatal(err)
	}
	if err := lock(t, admin); err != nil {
		t.Fatal(err)
	}
	id = uint64(w.Manager.Sessions()[0].ID) //nolint:gosec // as above
	if err := unlock(t, operator, id); linkspan.CodeOf(err) != linkspan.Permission {
		t.Errorf("an operator takes it: %v", err)
	}
	for _, none := range []uint64{99, 1 << 63} {
		if err := unlock(t, admin, none); linkspan.CodeOf(err) != linkspan.NotFound {
			t.Errorf("session %d: %v", none, err)
		}
	}
	if err := unlock(t, admin, 0); err != nil || len(w.Manager.Sessions()) != 0 {
		t.Errorf("%v, %+v", err, w.Manager.Sessions())
	}
}

// Who is confined to a part of the configuration does not lock all of it.
func TestConfinedUserDoesNotLock(t *testing.T) {
	w := rpctest.New(t, func(o *rpc.Options) {
		o.Again = func(u access.User) (access.User, error) {
			u.Confined = true
			return u, nil
		}
		o.Attach = echo{}
	})
	c := w.As(t, "operator")
	if err := lock(t, c); linkspan.CodeOf(err) != linkspan.Permission {
		t.Errorf("lock: %v", err)
	}
	if _, err := c.Config.Reapply(t.Context(), connect.NewRequest(&apiv1.ConfigServiceReapplyRequest{})); linkspan.CodeOf(api.FromRPC(err)) != linkspan.Permission {
		t.Errorf("reapply: %v", err)
	}
	stream := c.Operate.Attach(t.Context())
	_ = stream.Send(&apiv1.OperateServiceAttachRequest{Service: "routing"}) // the answer tells
	if _, err := stream.Receive(); linkspan.CodeOf(api.FromRPC(err)) != linkspan.Permission {
		t.Errorf("attach: %v", err)
	}
}
