// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/show/kernel"
)

// The bounds of the time between two readings of counters.
const (
	usualInterval = time.Second
	leastInterval = 100 * time.Millisecond
)

// Monitor implements the service. It ends with an error when an interface that is asked for goes.
func (s operateService) Monitor(ctx context.Context, r *connect.Request[apiv1.OperateServiceMonitorRequest], out *connect.ServerStream[apiv1.OperateServiceMonitorResponse]) error {
	noted(ctx).text += " " + strings.Join(r.Msg.GetInterfaces(), " ")
	interval := r.Msg.GetInterval().AsDuration()
	if interval == 0 {
		interval = usualInterval
	}
	if interval < leastInterval {
		return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("an interval of %s is too short", interval), Hint: "at least " + leastInterval.String()}
	}
	again := time.NewTicker(interval)
	defer again.Stop()
	for {
		m, err := s.reading(ctx, r.Msg.GetInterfaces())
		if err != nil {
			return err
		}
		if err := out.Send(m); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
	}
}

// reading reads the counters of some interfaces, of all if none is named.
func (s operateService) reading(ctx context.Context, names []string) (*apiv1.OperateServiceMonitorResponse, error) {
	all, err := s.options.Counters(ctx)
	if err != nil {
		return nil, err
	}
	m := &apiv1.OperateServiceMonitorResponse{Time: timestamppb.Now()}
	for _, c := range all {
		if len(names) == 0 || slices.Contains(names, c.Name) {
			m.Interfaces = append(m.Interfaces, &apiv1.InterfaceCounters{
				Name: c.Name, Up: c.Up, RxBytes: c.RxBytes, TxBytes: c.TxBytes, RxPackets: c.RxPackets, TxPackets: c.TxPackets,
				RxErrors: c.RxErrors, TxErrors: c.TxErrors, RxDropped: c.RxDropped, TxDropped: c.TxDropped,
			})
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(c kernel.Counter) bool { return c.Name == name }) {
			return nil, &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("there is no interface %q", name)}
		}
	}
	return m, nil
}
