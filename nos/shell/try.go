// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// tryWords is the grammar of what tries the network, watches it, or enters a service.
func (s *Shell) tryWords() []*word {
	interfaces := func(ctx context.Context) []string {
		return s.values(ctx, &apiv1.OperateServiceValuesRequest{Kind: "interface"})
	}
	services := func(ctx context.Context) []string {
		return s.values(ctx, &apiv1.OperateServiceValuesRequest{Kind: "service"})
	}
	return []*word{
		{name: "ping", help: "Ask a host for echoes", next: []*word{withOptions(&word{arg: "HOST", help: "Address or name", run: s.ping},
			&word{name: "count", help: "How many", next: []*word{{arg: "COUNT", help: "1 to 1000, usually 5"}}},
			&word{name: "size", help: "Bytes of data", next: []*word{{arg: "SIZE", help: "1 to 65500, usually 56"}}},
			&word{name: "interval", help: "Time between them", next: []*word{{arg: "INTERVAL", help: "200ms to 1m, usually 1s"}}},
			&word{name: "source", help: "Where they come from", next: []*word{{arg: "SOURCE", help: "Address or interface", values: interfaces}}},
		)}},
		{name: "traceroute", help: "Find the routers on the way to a host", next: []*word{withOptions(&word{arg: "HOST", help: "Address or name", run: s.traceroute},
			&word{name: "hops", help: "How far", next: []*word{{arg: "HOPS", help: "1 to 64, usually 30"}}},
			&word{name: "source", help: "Where it comes from", next: []*word{{arg: "SOURCE", help: "Address or interface", values: interfaces}}},
		)}},
		{name: "tcpdump", help: "Show packets on an interface", next: []*word{s.captureWord(interfaces)}},
		{name: "monitor", help: "Watch something until Ctrl-C", next: []*word{s.monitorWord(interfaces)}},
		{name: "attach", help: "A terminal in a service's container", next: []*word{{arg: "SERVICE", help: "Service on this switch", values: services, run: s.attach}}},
	}
}

// withOptions lets options with a value follow a word, in any order.
func withOptions(w *word, options ...*word) *word {
	w.next = options
	for _, o := range options {
		value := o.next[0]
		value.next, value.run = options, w.run
	}
	return w
}

func (s *Shell) captureWord(interfaces func(context.Context) []string) *word {
	filter := &word{name: "filter", help: "Only some packets", rest: "Words of a pcap filter: icmp, port 53, host 192.0.2.1", run: s.capture}
	count := &word{arg: "COUNT", help: "1 to 10000, usually 20", run: s.capture, next: []*word{filter}}
	return &word{arg: "INTERFACE", help: "Interface of the switch", values: interfaces, run: s.capture, next: []*word{
		{name: "count", help: "How many packets", next: []*word{count}}, filter,
	}}
}

// whole reads a number of an option, 0 if it was not typed.
func (c *call) whole(option string) (uint32, error) {
	text, ok := c.args[option]
	if !ok {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 0 {
		return 0, &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%s: %q is no number above 0", option, text)}
	}
	return uint32(n), nil
}

func (s *Shell) ping(ctx context.Context, c *call) error {
	r := &apiv1.OperateServicePingRequest{Host: c.args["HOST"], Source: c.option("source")}
	var err error
	if r.Count, err = c.whole("count"); err != nil {
		return err
	}
	if r.Size, err = c.whole("size"); err != nil {
		return err
	}
	if text := c.option("interval"); text != "" {
		interval, err := time.ParseDuration(text)
		if err != nil {
			return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("interval: %q is no time such as 500ms", text)}
		}
		r.Interval = durationpb.New(interval)
	}
	stream, err := s.operate.Ping(ctx, connect.NewRequest(r))
	return follow(c, stream, err)
}

func (s *Shell) traceroute(ctx context.Context, c *call) error {
	hops, err := c.whole("hops")
	if err != nil {
		return err
	}
	stream, err := s.operate.Traceroute(ctx, connect.NewRequest(&apiv1.OperateServiceTracerouteRequest{Host: c.args["HOST"], Hops: hops, Source: c.option("source")}))
	return follow(c, stream, err)
}

func (s *Shell) capture(ctx context.Context, c *call) error {
	count, err := c.whole("count")
	if err != nil {
		return err
	}
	stream, err := s.operate.Capture(ctx, connect.NewRequest(&apiv1.OperateServiceCaptureRequest{Interface: c.args["INTERFACE"], Count: count, Filter: c.rest}))
	return follow(c, stream, err)
}

// lined is a message that is a line.
type lined[T any] interface {
	*T
	GetLine() string
}

// follow prints the lines of a stream.
func follow[T any, P lined[T]](c *call, stream *connect.ServerStreamForClient[T], err error) error {
	if err != nil {
		return err
	}
	defer stream.Close() //nolint:errcheck // it was read to its end, or is wanted no more
	if c.filter.form != "" {
		return &mistake{0, "these are lines, which have no other form"}
	}
	c.out.flow()
	for stream.Receive() {
		if err := c.out.print(P(stream.Msg()).GetLine()); err != nil {
			return err
		}
	}
	return stream.Err()
}
