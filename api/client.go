// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"net"
	"net/http"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan/api/v1/apiv1connect"
)

// Client reaches every service of one process.
type Client struct {
	Networks  apiv1connect.NetworkServiceClient
	Endpoints apiv1connect.EndpointServiceClient
	Locals    apiv1connect.LocalServiceClient
	Routes    apiv1connect.RouteServiceClient
	Switches  apiv1connect.SwitchServiceClient
	Chassis   apiv1connect.ChassisServiceClient
	Events    apiv1connect.EventServiceClient
	Names     apiv1connect.NameServiceClient
	Sites     apiv1connect.SiteServiceClient
	Groups    apiv1connect.GroupServiceClient
	Links     apiv1connect.LinkServiceClient
	Policies  apiv1connect.PolicyServiceClient
	Traces    apiv1connect.TraceServiceClient
	Moves     apiv1connect.MoveServiceClient
	Carry     apiv1connect.CarryServiceClient // of a switch that takes part in moves
	System    apiv1connect.SystemServiceClient
	Host      apiv1connect.HostServiceClient     // of a switch only
	Config    apiv1connect.ConfigServiceClient   // of a switch only
	Operate   apiv1connect.OperateServiceClient  // of a switch only
	Audit     apiv1connect.AuditServiceClient    // of a switch only
	Support   apiv1connect.SupportServiceClient  // of a switch only
	Services  apiv1connect.ServiceServiceClient  // of a switch only
	Registry  apiv1connect.RegistryServiceClient // of a registry only

	http *http.Client
}

// NewClient speaks to base ("https://198.51.100.7:7443") through h, whose
// transport decides about TLS and identity.
func NewClient(h *http.Client, base string, options ...connect.ClientOption) *Client {
	return &Client{
		Networks:  apiv1connect.NewNetworkServiceClient(h, base, options...),
		Endpoints: apiv1connect.NewEndpointServiceClient(h, base, options...),
		Locals:    apiv1connect.NewLocalServiceClient(h, base, options...),
		Routes:    apiv1connect.NewRouteServiceClient(h, base, options...),
		Switches:  apiv1connect.NewSwitchServiceClient(h, base, options...),
		Chassis:   apiv1connect.NewChassisServiceClient(h, base, options...),
		Events:    apiv1connect.NewEventServiceClient(h, base, options...),
		Names:     apiv1connect.NewNameServiceClient(h, base, options...),
		Sites:     apiv1connect.NewSiteServiceClient(h, base, options...),
		Groups:    apiv1connect.NewGroupServiceClient(h, base, options...),
		Links:     apiv1connect.NewLinkServiceClient(h, base, options...),
		Policies:  apiv1connect.NewPolicyServiceClient(h, base, options...),
		Traces:    apiv1connect.NewTraceServiceClient(h, base, options...),
		Moves:     apiv1connect.NewMoveServiceClient(h, base, options...),
		Carry:     apiv1connect.NewCarryServiceClient(h, base, options...),
		System:    apiv1connect.NewSystemServiceClient(h, base, options...),
		Host:      apiv1connect.NewHostServiceClient(h, base, options...),
		Config:    apiv1connect.NewConfigServiceClient(h, base, options...),
		Operate:   apiv1connect.NewOperateServiceClient(h, base, options...),
		Audit:     apiv1connect.NewAuditServiceClient(h, base, options...),
		Support:   apiv1connect.NewSupportServiceClient(h, base, options...),
		Services:  apiv1connect.NewServiceServiceClient(h, base, options...),
		Registry:  apiv1connect.NewRegistryServiceClient(h, base, options...),
		http:      h,
	}
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Unix speaks to the process behind a local socket. The socket's file mode is
// the authentication.
func Unix(path string) *Client {
	return NewClient(&http.Client{Transport: UnixTransport(path)}, "http://linkspan")
}

// UnixTransport returns an HTTP/2 transport without TLS to a local socket, so
// that streams in both directions work.
func UnixTransport(path string) *http.Transport {
	var dialer net.Dialer
	t := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", path)
		},
		Protocols: new(http.Protocols),
	}
	t.Protocols.SetUnencryptedHTTP2(true)
	return t
}
