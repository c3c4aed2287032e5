// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
	"io"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/nos/rpc/rpctest"
)

func TestEscape(t *testing.T) {
	for _, c := range []struct {
		typed, input string
		left         bool
	}{
		{"ls\r~.", "ls\r", true},
		{"~.", "", true},
		{"ls ~.", "ls ~.", false},
		{"~~.\r", "~.\r", false},
		{"~x\r~.", "~x\r", true},
		{"\r\x1b[24;1R~.", "\r\x1b[24;1R", true}, // the terminal says where its cursor is
		{"a\x1b[C~.", "a\x1b[C~.", false},
		{"\x1bx~.", "\x1bx", true},
	} {
		var e escape
		var input []byte
		left := false
		for i := range len(c.typed) { // bytes come one by one
			some, end := e.take([]byte{c.typed[i]})
			input, left = append(input, some...), left || end
		}
		if string(input) != c.input || left != c.left {
			t.Errorf("%q: %q, %v", c.typed, input, left)
		}
	}
}

// mirror is a service that shows what is typed.
type mirror struct{}

func (mirror) Services(context.Context) []string { return []string{"routing"} }

func (mirror) Attach(_ context.Context, service string, t rpc.Terminal) error {
	if service != "routing" {
		return &linkspan.Error{Code: linkspan.NotFound, Message: "no service " + service}
	}
	if _, err := io.WriteString(t.Out, "in routing: "); err != nil {
		return err
	}
	_, err := io.Copy(t.Out, t.In)
	return err
}

// Somebody goes into a service and comes back; Ctrl-C there is the service's.
func TestAttachAndBack(t *testing.T) {
	w := rpctest.New(t, func(o *rpc.Options) { o.Attach = mirror{} })
	p, _ := sit(t, w, "admin", 80, 24)
	p.sees("linkspan# ")
	p.types("attach r\t\r")
	p.sees("in routing: ")
	p.types("hello\x03")
	p.sees("hello\x03")
	p.types("\r~.")
	p.sees("linkspan# ")
	p.says("attach nothing", "error: no service nothing")
	p.sees("linkspan# ")
	p.says("show vlan", "eth1")
}
