// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
)

// elsewhere is what a controller knows of networks of single hosts: the one that is
// here, and two of other hosts.
type elsewhere struct {
	apiv1connect.UnimplementedLocalServiceHandler
}

func (elsewhere) List(_ context.Context, req *connect.Request[apiv1.LocalServiceListRequest]) (*connect.Response[apiv1.LocalServiceListResponse], error) {
	all := []*apiv1.LocalNetwork{
		{Id: strings.Repeat("0123456789abcdef", 4), Name: "back", Driver: "linkspan-bridge", Chassis: "h1"},
		{
			Id: "aaaabbbbccccdddd", Name: "back", Driver: "linkspan-bridge", Chassis: "h2", Created: born, Labels: map[string]string{"team": "red"},
			Subnets: []*apiv1.LocalSubnet{{Subnet: "172.20.0.0/16", Gateway: "172.20.0.1"}, {Subnet: "fd00::/64"}},
			Endpoints: []*apiv1.LocalEndpoint{
				{Id: "e1", Network: "aaaabbbbccccdddd", Container: "c1", Address: "172.20.0.2", Address6: "fd00::2", Mac: "02:00:00:00:00:01"},
			},
		},
		{Id: "b1", Name: "bare", Driver: "null", Chassis: "h3", Away: true},
	}
	resp := &apiv1.LocalServiceListResponse{}
	for _, n := range all {
		if said := req.Msg.GetNetwork(); said == "" || said == n.GetChassis()+"/"+n.GetName() || said == "hx/"+n.GetName() {
			resp.Networks = append(resp.Networks, n)
		}
	}
	if len(resp.Networks) == 0 {
		return nil, api.ToRPC(&linkspan.Error{Code: linkspan.NotFound, Message: "no switch has a network " + req.Msg.GetNetwork() + " of its own"})
	}
	return connect.NewResponse(resp), nil
}

func TestNetworksOfOtherHosts(t *testing.T) {
	socket := houses{}.serve(t, func(mux *http.ServeMux) { mux.Handle(apiv1connect.NewLocalServiceHandler(elsewhere{})) })
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"network", "ls", "--all"}, 0, `NETWORK ID     NAME   DRIVER            SCOPE    SUBNET          SWITCH
0123456789ab   back   linkspan-bridge   local    172.18.0.0/16   h1
aaaabbbbcccc   back   linkspan-bridge   local    172.20.0.0/16   h2
b1             bare   null              local    -               h3 (away)
f123456789ab   none   null              local    -               -
00000a         web    linkspan          global   10.7.0.0/24     -
`},
		{[]string{"network", "ls", "-a", "-f", "label=team=red", "--format", "{{.Name}} {{.Switch}} {{.IPv6}} {{.Endpoints}}"}, 0, "back h2 true 1\n"},
		{[]string{"network", "ls", "--format", "{{.Name}}"}, 0, "back\nnone\nweb\n"},
		{[]string{"network", "inspect", "-f", "{{.Name}} {{.Scope}} {{range .Containers}}{{.Name}} {{.IPv4Address}} {{.IPv6Address}} {{.Switch}}{{end}}", "h2/back"}, 0,
			"back local c1 172.20.0.2/16 fd00::2/64 h2\n"},
		{[]string{"network", "inspect", "h9/back"}, 1, "linkspan: no switch has a network h9/back of its own\n"},
		{[]string{"network", "inspect", "hx/back"}, 1, "linkspan: network hx/back may be any of h1/" + strings.Repeat("0123456789abcdef", 4) + ", h2/aaaabbbbccccdddd\n  name one so\n"},
	} {
		if status, got := says(t, socket, "", c.args...); status != c.status || got != c.want {
			t.Errorf("linkspan %q: status %d\n%s\nwant %d\n%s", c.args, status, got, c.status, c.want)
		}
	}
}
