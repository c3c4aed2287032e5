// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/linkspan/linkspan"
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
