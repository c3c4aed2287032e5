// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/bench/rulebook"
)

// clientToServer returns a policy about the two.
func clientToServer(name string, priority uint16, action linkspan.PolicyAction) linkspan.Policy {
	return linkspan.Policy{
		Name: name, Priority: priority, Action: action,
		From: []linkspan.Selector{{Endpoint: "client"}}, To: []linkspan.Selector{{Endpoint: "server"}},
	}
}

// allowed lets the client open connections to the one port.
func allowed() linkspan.Policy {
	p := clientToServer("port", 30, linkspan.PolicyAllow)
	p.Ports = []linkspan.PolicyPorts{{Protocol: linkspan.ProtocolTCP, First: port, Last: port}}
	return p
}

func denial(name string, priority uint16) linkspan.Policy {
	return clientToServer(name, priority, linkspan.PolicyDeny)
}

// back denies the other direction.
func back(name string, priority uint16) linkspan.Policy {
	p := denial(name, priority)
	p.From, p.To = p.To, p.From
	return p
}

func (s *stage) apply(ctx context.Context, policies ...linkspan.Policy) error {
	return rulebook.Apply(ctx, s.admin, policies...)
}

func (s *stage) repeal(ctx context.Context, name string) error {
	_, err := s.admin.Policies.Remove(ctx, connect.NewRequest(&apiv1.PolicyServiceRemoveRequest{Policy: name}))
	return api.FromRPC(err)
}

func (s *stage) disconnect(ctx context.Context) error {
	_, err := s.admin.Links.Disconnect(ctx, connect.NewRequest(&apiv1.LinkServiceDisconnectRequest{A: "client", B: "server"}))
	return api.FromRPC(err)
}

func (s *stage) unlink(ctx context.Context) error {
	_, err := s.admin.Links.Clear(ctx, connect.NewRequest(&apiv1.LinkServiceClearRequest{A: "client", B: "server"}))
	return api.FromRPC(err)
}

func (s *stage) group(ctx context.Context) error {
	_, err := s.admin.Groups.Add(ctx, connect.NewRequest(&apiv1.GroupServiceAddRequest{Group: groupName, Networks: []string{"back"}}))
	return api.FromRPC(err)
}

func (s *stage) ungroup(ctx context.Context) error {
	_, err := s.admin.Groups.Leave(ctx, connect.NewRequest(&apiv1.GroupServiceLeaveRequest{Group: groupName, Networks: []string{"back"}}))
	return api.FromRPC(err)
}

// unless returns an error, but none of a code.
func unless(code linkspan.Code, err error) error {
	if err != nil && linkspan.CodeOf(err) == code {
		return nil
	}
	return err
}
