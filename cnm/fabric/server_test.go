// SPDX-License-Identifier: Apache-2.0

package fabric_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
)

// controller is a controller of one chassis, served over HTTP/2 on loopback. A
// test scripts what its streams say and may take it away.
type controller struct {
	apiv1connect.UnimplementedChassisServiceHandler
	apiv1connect.UnimplementedNetworkServiceHandler

	address  string
	listener net.Listener
	server   *http.Server

	mu        sync.Mutex
	snapshot  *apiv1.ChassisServiceFollowResponse
	streams   []chan *apiv1.ChassisServiceFollowResponse // one for each Follow so far
	acks      []uint64
	paths     []string // told with each acknowledgement
	reports   []string
	endpoints map[string]*apiv1.Endpoint
	next      int
	headless  bool                    // its streams do not begin with a snapshot
	fault     func(call string) error // an error it returns instead of working
	after     func(call string) error // an error it returns after having worked
	inspect   func(call string)       // runs before each call
}

func newController(t *testing.T) *controller {
	t.Helper()
	c := &controller{
		snapshot:  &apiv1.ChassisServiceFollowResponse{},
		endpoints: make(map[string]*apiv1.Endpoint),
		next:      2,
	}
	c.start(t)
	t.Cleanup(c.stop)
	return c
}

// start serves, on the same address as before if there was one.
func (c *controller) start(t *testing.T) {
	t.Helper()
	address := c.address
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	c.listener, c.address = l, l.Addr().String()
	mux := http.NewServeMux()
	mux.Handle(apiv1connect.NewChassisServiceHandler(c))
	mux.Handle(apiv1connect.NewNetworkServiceHandler(networkService{c: c}))
	c.server = &http.Server{Handler: mux, Protocols: new(http.Protocols)}
	c.server.Protocols.SetUnencryptedHTTP2(true)
	go func(s *http.Server) { _ = s.Serve(l) }(c.server)
}

func (c *controller) stop() {
	_ = c.listener.Close() // the server may not know it yet
	_ = c.server.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, stream := range c.streams {
		if stream != nil {
			close(stream)
			c.streams[i] = nil
		}
	}
}

// client returns a client of it; its connections are closed with the test.
func (c *controller) client(t *testing.T) *api.Client {
	t.Helper()
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	client := api.NewClient(&http.Client{Transport: transport}, "http://"+c.address)
	t.Cleanup(client.Close)
	return client
}

// say sends a message on the newest stream.
func (c *controller) say(m *apiv1.ChassisServiceFollowResponse) {
	c.mu.Lock()
	stream := c.streams[len(c.streams)-1]
	c.mu.Unlock()
	stream <- m
}

func (c *controller) followed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.streams)
}

// breakStream ends the newest stream.
func (c *controller) breakStream() {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := len(c.streams) - 1
	close(c.streams[i])
	c.streams[i] = nil
}

func (c *controller) enter(call string) error {
	c.mu.Lock()
	inspect, fault := c.inspect, c.fault
	c.mu.Unlock()
	if inspect != nil {
		inspect(call)
	}
	if fault != nil {
		return fault(call)
	}
	return nil
}

func (c *controller) leave(call string) error {
	c.mu.Lock()
	after := c.after
	c.mu.Unlock()
	if after != nil {
		return after(call)
	}
	return nil
}

func (c *controller) Follow(ctx context.Context, _ *connect.Request[apiv1.ChassisServiceFollowRequest], out *connect.ServerStream[apiv1.ChassisServiceFollowResponse]) error {
	if err := c.enter("follow"); err != nil {
		return err
	}
	say := make(chan *apiv1.ChassisServiceFollowResponse)
	c.mu.Lock()
	c.streams = append(c.streams, say)
	first := &apiv1.ChassisServiceFollowResponse{
		Sequence: 1, Snapshot: !c.headless, Networks: c.snapshot.GetNetworks(), Peers: c.snapshot.GetPeers(),
		Overlays: c.snapshot.GetOverlays(),
	}
	for _, e := range c.endpoints {
		first.Endpoints = append(first.Endpoints, e)
	}
	c.mu.Unlock()
	if err := out.Send(first); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case m, open := <-say:
			if !open {
				return connect.NewError(connect.CodeUnavailable, fmt.Errorf("controller is going"))
			}
			if err := out.Send(m); err != nil {
				return err
			}
		}
	}
}

func (c *controller) Acknowledge(_ context.Context, r *connect.Request[apiv1.ChassisServiceAcknowledgeRequest]) (*connect.Response[apiv1.ChassisServiceAcknowledgeResponse], error) {
	if err := c.enter("acknowledge"); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acks = append(c.acks, r.Msg.GetSequence())
	p := r.Msg.GetPaths()
	c.paths = append(c.paths, fmt.Sprint(r.Msg.GetSequence(), p.GetNone(), p.GetProved(), p.GetLost()))
	return connect.NewResponse(&apiv1.ChassisServiceAcknowledgeResponse{}), nil
}

func (c *controller) Reserve(_ context.Context, r *connect.Request[apiv1.ChassisServiceReserveRequest]) (*connect.Response[apiv1.ChassisServiceReserveResponse], error) {
	if err := c.enter("reserve"); err != nil {
		return nil, err
	}
	c.mu.Lock()
	address := r.Msg.GetAddress()
	if address == "" {
		address = fmt.Sprintf("10.7.0.%d", c.next)
		c.next++
	}
	_, taken := c.endpoints[address]
	if !taken {
		c.endpoints[address] = &apiv1.Endpoint{Network: r.Msg.GetNetwork(), Address: address, Chassis: "h1"}
	}
	c.mu.Unlock()
	if taken {
		return nil, api.ToRPC(&linkspan.Error{Code: linkspan.Exists, Message: "address " + address + " is taken"})
	}
	if err := c.leave("reserve"); err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.ChassisServiceReserveResponse{Address: address}), nil
}

func (c *controller) Attach(_ context.Context, r *connect.Request[apiv1.ChassisServiceAttachRequest]) (*connect.Response[apiv1.ChassisServiceAttachResponse], error) {
	if err := c.enter("attach"); err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.endpoints[r.Msg.GetEndpoint().GetAddress()] = r.Msg.GetEndpoint()
	c.mu.Unlock()
	if err := c.leave("attach"); err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.ChassisServiceAttachResponse{}), nil
}

func (c *controller) Release(_ context.Context, r *connect.Request[apiv1.ChassisServiceReleaseRequest]) (*connect.Response[apiv1.ChassisServiceReleaseResponse], error) {
	if err := c.enter("release"); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.endpoints, r.Msg.GetAddress())
	return connect.NewResponse(&apiv1.ChassisServiceReleaseResponse{}), nil
}

func (c *controller) Report(_ context.Context, r *connect.Request[apiv1.ChassisServiceReportRequest]) (*connect.Response[apiv1.ChassisServiceReportResponse], error) {
	if err := c.enter("report"); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reports = append(c.reports, r.Msg.GetEvent().GetMessage())
	return connect.NewResponse(&apiv1.ChassisServiceReportResponse{}), nil
}

// networkService is the other service of the controller; both have methods of
// one name.
type networkService struct {
	apiv1connect.UnimplementedNetworkServiceHandler
	c *controller
}

func (s networkService) Create(_ context.Context, r *connect.Request[apiv1.NetworkServiceCreateRequest]) (*connect.Response[apiv1.NetworkServiceCreateResponse], error) {
	if err := s.c.enter("create"); err != nil {
		return nil, err
	}
	s.c.mu.Lock()
	want := r.Msg.GetNetwork()
	networks := s.c.snapshot.GetNetworks()
	i := slices.IndexFunc(networks, func(n *apiv1.Network) bool { return n.GetName() == want.GetName() })
	if i < 0 {
		want.Id = uint32(len(networks) + 1)
		s.c.snapshot.Networks = append(networks, want)
	}
	s.c.mu.Unlock()
	if i >= 0 {
		if networks[i].GetSubnet() != want.GetSubnet() {
			return nil, api.ToRPC(&linkspan.Error{Code: linkspan.Exists, Message: "network " + want.GetName() + " has subnet " + networks[i].GetSubnet()})
		}
		return connect.NewResponse(&apiv1.NetworkServiceCreateResponse{Network: networks[i], Adopted: true}), nil
	}
	s.c.say(&apiv1.ChassisServiceFollowResponse{Sequence: 2, Networks: []*apiv1.Network{want}})
	if err := s.c.leave("create"); err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.NetworkServiceCreateResponse{Network: want}), nil
}
