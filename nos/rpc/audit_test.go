// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/nos/rpc/rpctest"
	"github.com/linkspan/linkspan/trust/audit"
)

// full is an audit log that may have no room.
type full struct {
	rpctest.Book
	none atomic.Bool
}

func (f *full) Append(e audit.Entry) (audit.Record, error) {
	if f.none.Load() {
		return audit.Record{}, errors.New("no space left on device")
	}
	return f.Book.Append(e)
}

// While nothing can be written down nothing can be changed, but things can be looked at.
func TestWithoutAnAuditLogNothingIsChanged(t *testing.T) {
	log := &full{}
	w := rpctest.New(t, func(o *rpc.Options) { o.Audit = log })
	c := w.As(t, "admin")
	log.none.Store(true)
	if err := set(t, c, 0, "set vlans 10"); err != nil {
		t.Errorf("nobody knew yet: %v", err)
	}
	if err := set(t, c, 0, "set vlans 20"); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Errorf("changed: %v", err)
	}
	if got := show(t, c, "vlan"); got == "" {
		t.Error("nothing is shown")
	}
	log.none.Store(false)
	if err := set(t, c, 0, "set vlans 20"); err != nil {
		t.Errorf("there is room again: %v", err)
	}
}

// Who may only look does not push the records of others out of the log.
func TestCommandsFillNoLog(t *testing.T) {
	var now atomic.Int64
	w := rpctest.New(t, func(o *rpc.Options) { o.Now = func() time.Time { return time.Unix(now.Load(), 0) } })
	viewer := w.As(t, "viewer")
	for range 400 {
		show := &apiv1.OperateServiceShowRequest{Name: strings.Repeat("x", 16000)}
		if _, err := viewer.Operate.Show(t.Context(), connect.NewRequest(show)); err == nil {
			t.Fatal("it is shown")
		}
	}
	all := w.Audit.Entries()
	if len(all) != 300 {
		t.Errorf("%d are written down", len(all))
	}
	for _, e := range all {
		if len(e.Text) > 300 || len(e.Error) > 300 {
			t.Fatalf("as it was sent: %d and %d bytes", len(e.Text), len(e.Error))
		}
	}
	if err := set(t, w.As(t, "operator"), 0, "set vlans 10"); err != nil || last(w).Kind != audit.Call {
		t.Errorf("%v, %+v", err, last(w))
	}
	now.Add(60)
	show(t, viewer, "vlan")
	all = w.Audit.Entries()
	if e := all[len(all)-2]; e.Who != "viewer" || e.Text != "100 more commands" || last(w).Text != "show vlan" {
		t.Errorf("%+v, %+v", e, last(w))
	}
}
