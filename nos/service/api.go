// SPDX-License-Identifier: Apache-2.0

package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/nos/rpc"
)

// API is a Manager as the switch's API has it. Who may call is asked before, see package nos/rpc.
type API struct{ *Manager }

var _ apiv1connect.ServiceServiceHandler = API{}

// List implements the service.
func (a API) List(ctx context.Context, _ *connect.Request[apiv1.ServiceServiceListRequest]) (*connect.Response[apiv1.ServiceServiceListResponse], error) {
	m := &apiv1.ServiceServiceListResponse{}
	for _, s := range a.Manager.List(ctx) {
		m.Services = append(m.Services, message(s))
	}
	return connect.NewResponse(m), nil
}

func message(s Status) *apiv1.ServiceStatus {
	m := &apiv1.ServiceStatus{
		Name: s.Name, Composite: s.Composite, Member: s.Member, Image: s.Image, Version: s.Version, State: s.State, Why: strings.ToValidUTF8(s.Why, "?"),
		Container: s.Container, Starts: uint32(s.Starts), Services: s.Services, //nolint:gosec // a few
	}
	if !s.Since.IsZero() {
		m.Since = timestamppb.New(s.Since)
	}
	return m
}

// Inspect implements the service.
func (a API) Inspect(ctx context.Context, r *connect.Request[apiv1.ServiceServiceInspectRequest]) (*connect.Response[apiv1.ServiceServiceInspectResponse], error) {
	rpc.Note(ctx, r.Msg.GetComposite())
	d, err := a.Manager.Inspect(ctx, r.Msg.GetComposite())
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(d.Spec)
	if err != nil {
		return nil, err
	}
	m := &apiv1.ServiceServiceInspectResponse{Composite: string(text), Socket: d.Socket, Change: d.Change}
	for _, s := range d.Members {
		m.Members = append(m.Members, message(s))
	}
	return connect.NewResponse(m), nil
}

// Run implements the service.
func (a API) Run(ctx context.Context, r *connect.Request[apiv1.ServiceServiceRunRequest], stream *connect.ServerStream[apiv1.ServiceServiceRunResponse]) error {
	var set Set
	for _, text := range r.Msg.GetComposites() {
		c, err := readComposite([]byte(text))
		if err != nil {
			return err
		}
		rpc.Note(ctx, c.Name)
		for i := range c.Services {
			if c.Services[i].Image, err = a.Resolve(ctx, c.Services[i].Image); err != nil {
				return err
			}
		}
		set.Composites = append(set.Composites, c)
	}
	if err := rpc.Begin(ctx); err != nil {
		return err
	}
	return a.Apply(ctx, set, func(line string) {
		_ = stream.Send(&apiv1.ServiceServiceRunResponse{Line: strings.ToValidUTF8(line, "?")}) // who has gone need not be told
	})
}

// readComposite reads a composite in JSON, without fields that are not known.
func readComposite(text []byte) (linkspan.Composite, error) {
	var c linkspan.Composite
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(&c)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is more than one")
		}
	}
	if err != nil {
		return c, refused("this is no composite: %v", err)
	}
	return c, nil
}

// Remove implements the service.
func (a API) Remove(ctx context.Context, r *connect.Request[apiv1.ServiceServiceRemoveRequest]) (*connect.Response[apiv1.ServiceServiceRemoveResponse], error) {
	rpc.Note(ctx, strings.Join(r.Msg.GetComposites(), " "))
	for _, name := range r.Msg.GetComposites() {
		if _, err := a.Manager.Inspect(ctx, name); err != nil {
			return nil, err
		}
	}
	if err := a.Apply(ctx, Set{Remove: r.Msg.GetComposites()}, nil); err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.ServiceServiceRemoveResponse{}), nil
}

// Stop implements the service.
func (a API) Stop(ctx context.Context, r *connect.Request[apiv1.ServiceServiceStopRequest]) (*connect.Response[apiv1.ServiceServiceStopResponse], error) {
	rpc.Note(ctx, r.Msg.GetService())
	if err := a.Manager.Stop(ctx, r.Msg.GetService()); err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.ServiceServiceStopResponse{}), nil
}

// Start implements the service.
func (a API) Start(ctx context.Context, r *connect.Request[apiv1.ServiceServiceStartRequest]) (*connect.Response[apiv1.ServiceServiceStartResponse], error) {
	rpc.Note(ctx, r.Msg.GetService())
	if err := a.Manager.Start(ctx, r.Msg.GetService()); err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.ServiceServiceStartResponse{}), nil
}

// Logs implements the service.
func (a API) Logs(ctx context.Context, r *connect.Request[apiv1.ServiceServiceLogsRequest], stream *connect.ServerStream[apiv1.ServiceServiceLogsResponse]) error {
	rpc.Note(ctx, r.Msg.GetService())
	return a.Manager.Logs(ctx, r.Msg.GetService(), int(r.Msg.GetLines()), r.Msg.GetFollow(), printed{stream})
}

// printed sends what a service has printed.
type printed struct {
	stream *connect.ServerStream[apiv1.ServiceServiceLogsResponse]
}

// Write implements io.Writer.
func (p printed) Write(text []byte) (int, error) {
	if err := p.stream.Send(&apiv1.ServiceServiceLogsResponse{Text: text}); err != nil {
		return 0, err
	}
	return len(text), nil
}

// Call implements the service.
func (a API) Call(ctx context.Context, r *connect.Request[apiv1.ServiceServiceCallRequest]) (*connect.Response[apiv1.ServiceServiceCallResponse], error) {
	rpc.Note(ctx, r.Msg.GetCall())
	var arguments map[string]any
	if text := r.Msg.GetArguments(); text != "" {
		if err := json.Unmarshal([]byte(text), &arguments); err != nil {
			return nil, refused("arguments are no JSON object: %v", err)
		}
	}
	answer, err := a.Manager.Call(ctx, r.Msg.GetCall(), arguments)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.ServiceServiceCallResponse{Answer: answer}), nil
}
