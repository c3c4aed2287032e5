// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/nos/rpc/rpctest"
	"github.com/linkspan/linkspan/nos/show/kernel"
	"github.com/linkspan/linkspan/nos/tool"
)

func TestNobodyIsRefused(t *testing.T) {
	w := rpctest.New(t)
	if _, err := w.As(t, "").Config.Status(t.Context(), connect.NewRequest(&apiv1.ConfigServiceStatusRequest{})); linkspan.CodeOf(api.FromRPC(err)) != linkspan.Unauthenticated {
		t.Error(err)
	}
}

func TestShow(t *testing.T) {
	w := rpctest.New(t)
	c := w.As(t, "viewer")
	listed, err := c.Operate.List(t.Context(), connect.NewRequest(&apiv1.OperateServiceListRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, item := range listed.Msg.GetItems() {
		names = append(names, item.GetName())
	}
	if !slices.Equal(names, []string{"drift", "history", "sessions", "vlan"}) {
		t.Errorf("a viewer is offered %q", names)
	}
	r, err := c.Operate.Show(t.Context(), connect.NewRequest(&apiv1.OperateServiceShowRequest{Name: "vlan", Args: []string{"10"}}))
	if err != nil || r.Msg.GetJson() != "[\n  {\n    \"vlan\": 10,\n    \"ports\": [\n      \"eth1\"\n    ]\n  }\n]\n" || len(r.Msg.GetReport().GetTables()) != 1 {
		t.Errorf("%v, %v", r, err)
	}
	if e := last(w); e.Text != "show vlan 10" || e.Who != "viewer" {
		t.Errorf("the audit log has %+v", e)
	}
	for name, want := range map[string]linkspan.Code{"audit": linkspan.Permission, "nothing": linkspan.NotFound} {
		if _, err := c.Operate.Show(t.Context(), connect.NewRequest(&apiv1.OperateServiceShowRequest{Name: name})); linkspan.CodeOf(api.FromRPC(err)) != want {
			t.Errorf("show %s: %v", name, err)
		}
	}
	values, err := c.Operate.Values(t.Context(), connect.NewRequest(&apiv1.OperateServiceValuesRequest{Kind: "show", Item: "vlan"}))
	if err != nil || !slices.Equal(values.Msg.GetValues(), []string{"10", "20"}) {
		t.Errorf("%v, %v", values, err)
	}
}

// A program's lines come as they are printed, and it ends with the stream.
func TestPing(t *testing.T) {
	ended := make(chan struct{})
	w := rpctest.New(t, func(o *rpc.Options) {
		o.Run = func(ctx context.Context, c tool.Command, each func(string) error) error {
			defer close(ended)
			if err := each(c.Program + " " + c.Args[len(c.Args)-1]); err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	c := w.As(t, "viewer")
	stream, err := c.Operate.Ping(ctx, connect.NewRequest(&apiv1.OperateServicePingRequest{Host: "192.0.2.1"}))
	if err != nil || !stream.Receive() || stream.Msg().GetLine() != "ping 192.0.2.1" {
		t.Fatal(err, stream.Err(), stream.Msg())
	}
	cancel()
	<-ended
	stream, err = c.Operate.Ping(t.Context(), connect.NewRequest(&apiv1.OperateServicePingRequest{Host: "-f"}))
	if err == nil && stream.Receive() || linkspan.CodeOf(api.FromRPC(errors.Join(err, stream.Err()))) != linkspan.Invalid {
		t.Errorf("an option as host: %v, %v", err, stream.Err())
	}
}

func TestMonitor(t *testing.T) {
	w := rpctest.New(t, func(o *rpc.Options) {
		n := uint64(0)
		o.Counters = func(context.Context) ([]kernel.Counter, error) {
			n++
			return []kernel.Counter{{Name: "eth0", Up: true, RxBytes: n}, {Name: "eth1"}}, nil
		}
	})
	c := w.As(t, "viewer")
	stream, err := c.Operate.Monitor(t.Context(), connect.NewRequest(&apiv1.OperateServiceMonitorRequest{Interfaces: []string{"eth0"}}))
	if err != nil {
		t.Fatal(err)
	}
	for want := range uint64(2) {
		if !stream.Receive() || len(stream.Msg().GetInterfaces()) != 1 || stream.Msg().GetInterfaces()[0].GetRxBytes() != want+1 {
			t.Fatal(stream.Err(), stream.Msg())
		}
	}
	stream, err = c.Operate.Monitor(t.Context(), connect.NewRequest(&apiv1.OperateServiceMonitorRequest{Interfaces: []string{"eth9"}}))
	if err == nil && stream.Receive() || linkspan.CodeOf(api.FromRPC(stream.Err())) != linkspan.NotFound {
		t.Errorf("no such interface: %v, %v", err, stream.Err())
	}
}

// echo is a service that shows what is typed, and the size of the terminal.
type echo struct{}

func (echo) Services(context.Context) []string { return []string{"routing"} }

func (echo) Attach(_ context.Context, service string, t rpc.Terminal) error {
	if service != "routing" {
		return &linkspan.Error{Code: linkspan.NotFound, Message: "no service " + service}
	}
	if size := <-t.Sizes; size.Columns != 80 {
		return errors.New("another size")
	}
	_, err := io.Copy(t.Out, t.In)
	return err
}

func TestAttach(t *testing.T) {
	w := rpctest.New(t, func(o *rpc.Options) { o.Attach = echo{} })
	stream := w.As(t, "admin").Operate.Attach(t.Context())
	if err := stream.Send(&apiv1.OperateServiceAttachRequest{Service: "routing", Columns: 80, Rows: 24}); err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&apiv1.OperateServiceAttachRequest{Input: []byte("hello")}); err != nil {
		t.Fatal(err)
	}
	if m, err := stream.Receive(); err != nil || string(m.GetOutput()) != "hello" {
		t.Fatal(m, err)
	}
	if e := last(w); e.Text != "attach routing (begun)" || e.Who != "admin" {
		t.Errorf("while somebody is attached the audit log has %+v", e)
	}
	if err := stream.CloseRequest(); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Receive(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	stream = w.As(t, "viewer").Operate.Attach(t.Context())
	_ = stream.Send(&apiv1.OperateServiceAttachRequest{Service: "routing"}) // the answer tells
	if _, err := stream.Receive(); linkspan.CodeOf(api.FromRPC(err)) != linkspan.Permission {
		t.Errorf("a viewer attaches: %v", err)
	}
}

func show(t *testing.T, c *api.Client, name string) string {
	t.Helper()
	r, err := c.Operate.Show(t.Context(), connect.NewRequest(&apiv1.OperateServiceShowRequest{Name: name}))
	if err != nil {
		t.Error(err)
		return ""
	}
	return r.Msg.GetJson()
}

// Programs that capture packets have names of their own for more than one interface, and for
// what is none.
func TestCaptureIsOfInterfacesAlone(t *testing.T) {
	ran := 0
	w := rpctest.New(t, func(o *rpc.Options) {
		o.Run = func(_ context.Context, c tool.Command, each func(string) error) error {
			ran++
			return each(strings.Join(c.Args, " "))
		}
	})
	capture := func(role, name string) error {
		stream, err := w.As(t, role).Operate.Capture(t.Context(), connect.NewRequest(&apiv1.OperateServiceCaptureRequest{Interface: name}))
		if err != nil {
			return api.FromRPC(err)
		}
		for stream.Receive() {
		}
		return api.FromRPC(stream.Err())
	}
	for _, name := range []string{"any", "nflog", "nfqueue", "usbmon1", "dbus-system", "1", "eth9"} {
		if err := capture("operator", name); linkspan.CodeOf(err) != linkspan.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"eth0", "eth1", "lo"} {
		if err := capture("operator", name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := capture("viewer", "eth0"); linkspan.CodeOf(err) != linkspan.Permission || ran != 3 {
		t.Errorf("a viewer: %v; %d programs have run", err, ran)
	}
}
