// SPDX-License-Identifier: Apache-2.0

package fabric

import (
	"context"
	"errors"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// Report queues an event about this chassis; it is delivered, in order, when
// the controller is there. It never waits: when too many are queued the oldest
// is lost. The controller writes the chassis and the actor.
func (f *Fabric) Report(event linkspan.Event) {
	if event.Time.IsZero() {
		event.Time = time.Now()
	}
	for {
		select {
		case f.reports <- event:
			return
		default:
		}
		select {
		case lost := <-f.reports:
			f.cfg.Log.Warn("event is lost", "kind", lost.Kind, "subject", lost.Subject, "message", lost.Message)
		default:
		}
	}
}

// deliver sends the queued events until ctx ends.
func (f *Fabric) deliver(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-f.reports:
			f.send(ctx, event)
		}
	}
}

func (f *Fabric) send(ctx context.Context, event linkspan.Event) {
	request := &apiv1.ChassisServiceReportRequest{Event: api.EventToProto(&event)}
	_, err := f.call(ctx, "report "+string(event.Kind), func(ctx context.Context) error {
		_, err := f.cfg.Client.Report(ctx, connect.NewRequest(request))
		return err
	})
	if err != nil && !errors.Is(ctx.Err(), context.Canceled) {
		f.cfg.Log.Warn("event is lost", "kind", event.Kind, "subject", event.Subject, "message", event.Message, "error", err)
	}
}
