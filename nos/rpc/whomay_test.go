// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/nos/rpc/rpctest"
	"github.com/linkspan/linkspan/trust"
)

var update = flag.Bool("update", false, "write what is found into testdata")

// TestWhoMayCallWhat calls everything there is as everybody there is, and compares who is
// refused with a table that people have read.
func TestWhoMayCallWhat(t *testing.T) {
	w := rpctest.New(t, func(o *rpc.Options) {
		o.Again = func(u access.User) (access.User, error) { return u, nil }
	})
	var table strings.Builder
	for _, file := range []protoreflect.FileDescriptor{apiv1.File_linkspan_v1_config_proto, apiv1.File_linkspan_v1_operate_proto} {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				m := methods.Get(j)
				fmt.Fprintf(&table, "%s", strings.TrimPrefix(string(m.FullName()), "linkspan.v1."))
				for _, role := range append([]trust.Role{""}, trust.Roles()...) {
					fmt.Fprintf(&table, " %s", answer(t, w, m, string(role)))
				}
				table.WriteString("\n")
			}
		}
	}
	const golden = "testdata/whomay.txt"
	got := "# call, and how it is answered to nobody, a viewer, an operator and an administrator\n" + table.String()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil { //nolint:gosec // of the repository
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%swant (write it anew with -update):\n%s", got, want)
	}
}

// answer calls a method with an empty message, and says whether the caller may: "may" or why not.
func answer(t *testing.T, w *rpctest.World, m protoreflect.MethodDescriptor, role string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	transport := api.UnixTransport(w.Socket)
	defer transport.CloseIdleConnections()
	name := fmt.Sprintf("http://switch/%s/%s", m.Parent().FullName(), m.Name())
	c := connect.NewClient[emptypb.Empty, emptypb.Empty](&http.Client{Transport: w.Pretend(transport, role)}, name)
	var err error
	switch {
	case m.IsStreamingClient():
		s := c.CallBidiStream(ctx)
		_ = s.Send(new(emptypb.Empty)) // the error is what Receive returns
		_, err = s.Receive()
	case m.IsStreamingServer():
		var s *connect.ServerStreamForClient[emptypb.Empty]
		if s, err = c.CallServerStream(ctx, connect.NewRequest(new(emptypb.Empty))); err == nil && !s.Receive() {
			err = s.Err()
		}
	default:
		_, err = c.CallUnary(ctx, connect.NewRequest(new(emptypb.Empty)))
	}
	switch code := linkspan.CodeOf(api.FromRPC(err)); {
	case err != nil && (code == linkspan.Permission || code == linkspan.Unauthenticated):
		return code.String()
	case ctx.Err() != nil:
		t.Errorf("%s: no answer in time", name)
	}
	return "may"
}
