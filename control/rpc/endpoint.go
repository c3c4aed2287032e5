// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/trust"
)

type endpointService struct{ *Server }

var _ apiv1connect.EndpointServiceHandler = endpointService{}

func (s endpointService) List(ctx context.Context, req *connect.Request[apiv1.EndpointServiceListRequest]) (*connect.Response[apiv1.EndpointServiceListResponse], error) {
	if err := allow(ctx, trust.EndpointRead); err != nil {
		return nil, err
	}
	_, chassis, err := s.filter(ctx, "", req.Msg.GetChassis())
	if err != nil {
		return nil, err
	}
	local := localNetworks(s.hub.View(), req.Msg.GetNetwork(), chassis)
	network, _, err := s.filter(ctx, req.Msg.GetNetwork(), "")
	var endpoints []*apiv1.Endpoint
	switch {
	case err == nil:
		endpoints, err = s.endpoints(ctx, network, chassis)
	case linkspan.CodeOf(err) == linkspan.NotFound && len(local) > 0:
		err = nil // it is a network of single hosts alone
	}
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.EndpointServiceListResponse{
		Endpoints: append(endpoints, s.localEndpoints(s.hub.View(), local)...),
	}), nil
}

func (s endpointService) Get(ctx context.Context, req *connect.Request[apiv1.EndpointServiceGetRequest]) (*connect.Response[apiv1.EndpointServiceGetResponse], error) {
	if err := allow(ctx, trust.EndpointRead); err != nil {
		return nil, err
	}
	all, err := s.endpoints(ctx, 0, 0)
	if err != nil {
		return nil, err
	}
	v := s.hub.View()
	all = append(all, s.localEndpoints(v, localNetworks(v, "", 0))...)
	e, err := pick(all, req.Msg.GetEndpoint())
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.EndpointServiceGetResponse{Endpoint: e}), nil
}

// called returns all endpoints that a person may mean, and of a name that is none why.
func called(all []*apiv1.Endpoint, name string) (found []*apiv1.Endpoint, err error) {
	parsed, err := linkspan.ParseEndpointName(name)
	for _, e := range all {
		byName := err == nil && (matches(e, parsed) || matches(e, parsed.Whole()))
		byAddress := name != "" && (e.GetAddress() == name || e.GetAddress6() == name)
		if byName || byAddress || byID(e.GetId(), name) {
			found = append(found, e)
		}
	}
	return found, err
}

// byID says whether a name is the beginning of Docker's id of an endpoint.
func byID(id, name string) bool {
	const least = 4
	return len(name) >= least && strings.HasPrefix(id, name)
}

// pick finds the one endpoint that a person means.
func pick(all []*apiv1.Endpoint, name string) (*apiv1.Endpoint, error) {
	found, err := called(all, name)
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, ambiguous(name, found)
	case err != nil:
		return nil, err
	}
	return nil, notThere(name)
}

func notThere(name string) error {
	return &linkspan.Error{
		Code: linkspan.NotFound, Message: "endpoint " + name + " does not exist",
		Hint: "linkspan endpoint ls shows those that do",
	}
}

func matches(e *apiv1.Endpoint, n linkspan.EndpointName) bool {
	return e.GetContainer() == n.Container && (n.Chassis == "" || e.GetChassis() == n.Chassis) &&
		(n.Network == "" || e.GetNetworkName() == n.Network)
}

func ambiguous(name string, found []*apiv1.Endpoint) error {
	candidates := make([]string, len(found))
	for i, e := range found {
		candidates[i] = fmt.Sprintf("%s/%s.%s (%s)", e.GetChassis(), e.GetContainer(), e.GetNetworkName(), cmp.Or(e.GetAddress(), e.GetAddress6(), "no address"))
	}
	return &linkspan.Error{
		Code: linkspan.Conflict, Message: "endpoint " + name + " may be any of " + strings.Join(candidates, ", "),
		Hint: "name one in full, as [chassis/]container[.network]",
	}
}

// filter turns names into numbers; an empty name is 0, which means all.
func (s *Server) filter(ctx context.Context, network, chassis string) (linkspan.NetworkID, linkspan.ChassisID, error) {
	var n linkspan.Network
	var c linkspan.Chassis
	var err error
	if network != "" {
		if n, err = s.findNetwork(ctx, network); err != nil {
			return 0, 0, err
		}
	}
	if chassis != "" {
		c, err = s.store.ChassisByName(ctx, chassis)
	}
	return n.ID, c.ID, err
}

// held says why packets of an endpoint wait; "" when they do not.
func held(v *view.View, e *linkspan.Endpoint) string {
	switch {
	case !e.Attached():
	case v.Unknowable(e):
		return decide.NameUnknown.String()
	case v.Undecided(e):
		return decide.LabelsUnknown.String()
	}
	return ""
}

// endpoints lists those of a network and a chassis; 0 is all.
func (s *Server) endpoints(ctx context.Context, network linkspan.NetworkID, chassis linkspan.ChassisID) ([]*apiv1.Endpoint, error) {
	records, err := s.store.Endpoints(ctx, network)
	if err != nil {
		return nil, err
	}
	records = withoutSeconds(records)
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]*apiv1.Endpoint, 0, len(records))
	for i := range records {
		if e := &records[i]; chassis == 0 || e.Chassis == chassis {
			m := api.EndpointToProto(e, names.networks[e.Network], names.chassis[e.Chassis])
			m.Held = held(s.hub.View(), e)
			out = append(out, m)
		}
	}
	return out, nil
}

// names of networks and chassis, by number, as the store has them now.
type names struct {
	networks map[linkspan.NetworkID]string
	chassis  map[linkspan.ChassisID]string
}

func (s *Server) names(ctx context.Context) (names, error) {
	networks, err := s.store.Networks(ctx)
	if err != nil {
		return names{}, err
	}
	all, err := s.store.AllChassis(ctx)
	if err != nil {
		return names{}, err
	}
	return namesOf(networks, all), nil
}

func namesOf(networks []linkspan.Network, chassis []linkspan.Chassis) names {
	n := names{make(map[linkspan.NetworkID]string, len(networks)), make(map[linkspan.ChassisID]string, len(chassis))}
	for i := range networks {
		n.networks[networks[i].ID] = networks[i].Name
	}
	for i := range chassis {
		n.chassis[chassis[i].ID] = chassis[i].Name
	}
	return n
}
