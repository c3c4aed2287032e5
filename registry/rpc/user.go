// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/registry/account"
	"github.com/linkspan/linkspan/trust"
)

// ListUsers implements the service.
func (s registryService) ListUsers(ctx context.Context, _ *connect.Request[apiv1.RegistryServiceListUsersRequest]) (*connect.Response[apiv1.RegistryServiceListUsersResponse], error) {
	if err := allow(ctx, trust.UserRead); err != nil {
		return nil, err
	}
	users, err := s.Users.List(ctx)
	if err != nil {
		return nil, err
	}
	resp := &apiv1.RegistryServiceListUsersResponse{}
	for _, u := range users {
		m := &apiv1.RegistryUser{Name: u.Name, Role: string(u.Role), Created: timestamppb.New(u.Created), Changed: timestamppb.New(u.Changed)}
		for _, g := range u.Grants {
			m.Grants = append(m.Grants, g.String())
		}
		resp.Users = append(resp.Users, m)
	}
	return connect.NewResponse(resp), nil
}

// CreateUser implements the service.
func (s registryService) CreateUser(ctx context.Context, r *connect.Request[apiv1.RegistryServiceCreateUserRequest]) (*connect.Response[apiv1.RegistryServiceCreateUserResponse], error) {
	if err := allow(ctx, trust.UserCreate); err != nil {
		return nil, err
	}
	grants, err := grantsOf(r.Msg.GetGrants())
	if err != nil {
		return nil, err
	}
	u := account.User{Name: r.Msg.GetName(), Role: trust.Role(r.Msg.GetRole()), Grants: grants}
	if err := u.Validate(); err != nil {
		return nil, err
	}
	err = s.done(ctx, "user create "+u.Name+" --role "+string(u.Role)+grantText(grants), s.Users.Create(ctx, u, r.Msg.GetPassword()))
	return connect.NewResponse(&apiv1.RegistryServiceCreateUserResponse{}), err
}

// RemoveUser implements the service.
func (s registryService) RemoveUser(ctx context.Context, r *connect.Request[apiv1.RegistryServiceRemoveUserRequest]) (*connect.Response[apiv1.RegistryServiceRemoveUserResponse], error) {
	if err := allow(ctx, trust.UserRemove); err != nil {
		return nil, err
	}
	u, err := s.Users.Get(ctx, r.Msg.GetName())
	if err != nil {
		return nil, err
	}
	err = s.done(ctx, "user rm "+u.Name, s.Users.Remove(ctx, u.Name))
	return connect.NewResponse(&apiv1.RegistryServiceRemoveUserResponse{}), err
}

// SetPassword implements the service.
func (s registryService) SetPassword(ctx context.Context, r *connect.Request[apiv1.RegistryServiceSetPasswordRequest]) (*connect.Response[apiv1.RegistryServiceSetPasswordResponse], error) {
	c := callerOf(ctx)
	if c.Identity.Kind != trust.KindUser || c.Identity.Name != r.Msg.GetName() || c.from == "" {
		if err := allow(ctx, trust.UserCreate); err != nil {
			return nil, err
		}
	}
	u, err := s.Users.Get(ctx, r.Msg.GetName())
	if err != nil {
		return nil, err
	}
	err = s.done(ctx, "user passwd "+u.Name, s.Users.SetPassword(ctx, u.Name, r.Msg.GetPassword()))
	return connect.NewResponse(&apiv1.RegistryServiceSetPasswordResponse{}), err
}

// Grant implements the service.
func (s registryService) Grant(ctx context.Context, r *connect.Request[apiv1.RegistryServiceGrantRequest]) (*connect.Response[apiv1.RegistryServiceGrantResponse], error) {
	err := s.change(ctx, "grant", r.Msg.GetName(), r.Msg.GetGrants(), s.Users.Grant)
	return connect.NewResponse(&apiv1.RegistryServiceGrantResponse{}), err
}

// Revoke implements the service.
func (s registryService) Revoke(ctx context.Context, r *connect.Request[apiv1.RegistryServiceRevokeRequest]) (*connect.Response[apiv1.RegistryServiceRevokeResponse], error) {
	err := s.change(ctx, "revoke", r.Msg.GetName(), r.Msg.GetGrants(), s.Users.Revoke)
	return connect.NewResponse(&apiv1.RegistryServiceRevokeResponse{}), err
}

// change changes the grants of a user.
func (s registryService) change(ctx context.Context, what, name string, texts []string, how func(context.Context, string, ...account.Grant) error) error {
	if err := allow(ctx, trust.UserCreate); err != nil {
		return err
	}
	grants, err := grantsOf(texts)
	if err != nil {
		return err
	}
	u, err := s.Users.Get(ctx, name)
	if err != nil {
		return err
	}
	return s.done(ctx, "user "+what+" "+u.Name+grantText(grants), how(ctx, u.Name, grants...))
}

func grantsOf(texts []string) ([]account.Grant, error) {
	grants := make([]account.Grant, len(texts))
	for i, text := range texts {
		var err error
		if grants[i], err = account.ParseGrant(text); err != nil {
			return nil, err
		}
	}
	return grants, nil
}

func grantText(grants []account.Grant) string {
	var text strings.Builder
	for _, g := range grants {
		text.WriteString(" " + g.String())
	}
	return text.String()
}

// ListSwitches implements the service.
func (s registryService) ListSwitches(ctx context.Context, _ *connect.Request[apiv1.RegistryServiceListSwitchesRequest]) (*connect.Response[apiv1.RegistryServiceListSwitchesResponse], error) {
	if err := allow(ctx, trust.SwitchRead); err != nil {
		return nil, err
	}
	switches, err := s.Registry.Switches().List(ctx)
	if err != nil {
		return nil, err
	}
	resp := &apiv1.RegistryServiceListSwitchesResponse{}
	for _, w := range switches {
		resp.Switches = append(resp.Switches, &apiv1.RegistrySwitch{
			Name: w.Name, Number: uint32(w.Number), Dpid: w.DPID.String(), Address: w.Address.String(),
			First: timestamppb.New(w.First), Last: timestamppb.New(w.Last),
		})
	}
	return connect.NewResponse(resp), nil
}
