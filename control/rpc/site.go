// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"fmt"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/trust"
)

type siteService struct{ *Server }

var _ apiv1connect.SiteServiceHandler = siteService{}

func (s siteService) List(ctx context.Context, _ *connect.Request[apiv1.SiteServiceListRequest]) (*connect.Response[apiv1.SiteServiceListResponse], error) {
	if err := allow(ctx, trust.SiteRead); err != nil {
		return nil, err
	}
	chassis, err := s.store.AllChassis(ctx)
	if err != nil {
		return nil, err
	}
	cleared, err := s.store.Clearances(ctx)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.SiteServiceListResponse{
		Sites: sites(chassis), Pairs: sitePairs(s.hub.View(), cleared),
	}), nil
}

func (s siteService) Allow(ctx context.Context, req *connect.Request[apiv1.SiteServiceAllowRequest]) (*connect.Response[apiv1.SiteServiceAllowResponse], error) {
	if err := allow(ctx, trust.SiteClear); err != nil {
		return nil, err
	}
	c := linkspan.ClearanceOf(req.Msg.GetA(), req.Msg.GetB())
	c.Creator = callerOf(ctx).String()
	if err := s.knownSites(ctx, &c); err != nil {
		return nil, err
	}
	created, err := s.store.PutClearance(ctx, c)
	if err != nil {
		return nil, err
	}
	if created {
		s.event(ctx, linkspan.SiteAllowed, c.A+"-"+c.B, "traffic between these sites may go in clear text")
	}
	return connect.NewResponse(&apiv1.SiteServiceAllowResponse{}), nil
}

// knownSites refuses a site that no switch is in: a name that was mistyped would
// allow something else than was meant, later.
func (s *Server) knownSites(ctx context.Context, c *linkspan.Clearance) error {
	if err := c.Validate(); err != nil {
		return err
	}
	all, err := s.store.AllChassis(ctx)
	if err != nil {
		return err
	}
	known := make(map[string]bool)
	for i := range all {
		known[all[i].InSite()] = true
	}
	for _, site := range []string{c.A, c.B} {
		if !known[site] {
			return &linkspan.Error{
				Code: linkspan.NotFound, Message: "no switch is in site " + site, Hint: "linkspan site ls shows the sites",
			}
		}
	}
	return nil
}

func (s siteService) Forbid(ctx context.Context, req *connect.Request[apiv1.SiteServiceForbidRequest]) (*connect.Response[apiv1.SiteServiceForbidResponse], error) {
	if err := allow(ctx, trust.SiteClear); err != nil {
		return nil, err
	}
	c := linkspan.ClearanceOf(req.Msg.GetA(), req.Msg.GetB())
	if err := c.Validate(); err != nil {
		return nil, err
	}
	removed, err := s.store.RemoveClearance(ctx, c.A, c.B)
	if err != nil {
		return nil, err
	}
	if !removed {
		return nil, &linkspan.Error{
			Code: linkspan.NotFound, Message: "no clear traffic is allowed between sites " + c.A + " and " + c.B,
			Hint: "linkspan site ls shows what is allowed",
		}
	}
	s.event(ctx, linkspan.SiteForbidden, c.A+"-"+c.B, "traffic between these sites is refused from now on")
	return connect.NewResponse(&apiv1.SiteServiceForbidResponse{}), nil
}

func (s siteService) Move(ctx context.Context, req *connect.Request[apiv1.SiteServiceMoveRequest]) (*connect.Response[apiv1.SiteServiceMoveResponse], error) {
	if err := allow(ctx, trust.SiteClear); err != nil {
		return nil, err
	}
	site := req.Msg.GetSite()
	if err := linkspan.ValidateName("site", site); err != nil {
		return nil, err
	}
	c, err := s.store.ChassisByName(ctx, req.Msg.GetSwitch())
	if err != nil {
		return nil, err
	}
	from := c.InSite()
	if _, err = s.store.UpdateChassis(ctx, c.ID, func(c *linkspan.Chassis) { c.Site = site }); err != nil {
		return nil, err
	}
	if from != site {
		s.event(ctx, linkspan.SwitchMoved, c.Name, fmt.Sprintf("from site %s to site %s", from, site))
	}
	return connect.NewResponse(&apiv1.SiteServiceMoveResponse{}), nil
}
