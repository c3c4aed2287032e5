// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"

	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan/control/flowlog"
	"github.com/linkspan/linkspan/control/rpc"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/metrics"
	"github.com/linkspan/linkspan/store/kv"
)

// watching is all that looks at a controller from outside.
type watching struct {
	flows   *flowlog.Log // nil: nobody asked for it
	calls   metrics.Calls
	streams metrics.Events
	events  metrics.Events
}

func newWatching(page *metrics.Page) watching {
	w := watching{calls: metrics.RPCCalls(), streams: metrics.RPCStreams(), events: metrics.FabricEvents()}
	page.Register(w.calls, w.streams, w.events)
	return w
}

// call counts a call of the API.
func (w *watching) call(c rpc.Call) {
	if c.Stream {
		w.streams.Count(c.Method, c.Code)
		return
	}
	w.calls.Observe(c.Method, c.Code, c.Took)
}

// leaving tells the flow log what changes will remove.
func (w *watching) leaving(v *view.View, changes []view.Change) {
	if w.flows != nil {
		w.flows.Leaving(v, changes...)
	}
}

// observe shows this controller on its page, and starts the flow log.
func (b *brain) observe(ctx context.Context, parts *errgroup.Group, db kv.Store, followed <-chan struct{}) error {
	c := b.role
	collector := metrics.Controller{Hub: b.hub, Revision: b.revision.Load}
	if c.flowLog != "" {
		out, err := c.openFlowLog()
		if err != nil {
			return err
		}
		b.watching.flows = flowlog.New(flowlog.Config{Hub: b.hub, Out: out, Log: c.log})
		collector.FlowLog = b.watching.flows
		parts.Go(func() error { return errors.Join(b.watching.flows.Run(ctx), out.Close()) })
	}
	c.page.Register(collector)
	c.probe.Is(func(ctx context.Context) []metrics.Check { return ready(ctx, db, followed) })
	return nil
}

// ready says whether a controller can decide: its store answers, and what is in
// it is known.
func ready(ctx context.Context, db kv.Store, followed <-chan struct{}) []metrics.Check {
	_, err := db.Get(ctx, "ready") // never written; a read goes through the whole store
	if errors.Is(err, kv.ErrNotFound) {
		err = nil
	}
	view := metrics.Check{Part: "view", State: metrics.Failed, Found: "is being read from the store"}
	select {
	case <-followed:
		view = metrics.Verdict("view", nil, "is loaded")
	default:
	}
	return []metrics.Check{metrics.Verdict("store", err, "answers"), view}
}

// openFlowLog opens the file, or standard output for "-".
func (c *controllerRole) openFlowLog() (io.WriteCloser, error) {
	if c.flowLog == "-" {
		return kept{c.out}, nil
	}
	return flowlog.Open(c.flowLog)
}

// kept is a writer that is not ours to close.
type kept struct{ io.Writer }

func (kept) Close() error { return nil }
