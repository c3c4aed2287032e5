// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/plug"
	"github.com/linkspan/linkspan/wire/plugin"
)

// Join has the plugin make the interface. One that an earlier process may have
// made is taken back first.
func (d *Driver) Join(ctx context.Context, n cnm.Network, e cnm.Endpoint) (cnm.Attachment, error) {
	d.mu.Lock()
	state := d.endpoints[e.ID]
	d.mu.Unlock()
	if state.joined != nil && e.Attachment != nil {
		return *state.joined, nil
	}
	if state.joined != nil || state.unknown {
		if err := d.Leave(ctx, n, e); err != nil {
			return cnm.Attachment{}, err
		}
	}
	req := plugin.JoinRequest{NetworkID: n.ID, EndpointID: e.ID, SandboxKey: e.SandboxKey, Options: portOptions(e.PortMaps)}
	var answer plugin.JoinResponse
	if err := d.call(ctx, "Join", req, &answer); err != nil {
		return cnm.Attachment{}, err
	}
	a, err := attachment(answer)
	d.mu.Lock()
	d.endpoints[e.ID] = endpoint{joined: &a}
	d.mu.Unlock()
	if err != nil {
		err = fmt.Errorf("plugin %s: %w", d.plugin.Name(), err)
		return cnm.Attachment{}, errors.Join(err, d.Leave(ctx, n, e))
	}
	return a, nil
}

// attachment reads the plugin's answer.
func attachment(answer plugin.JoinResponse) (cnm.Attachment, error) {
	a := cnm.Attachment{SrcName: answer.InterfaceName.SrcName, DstPrefix: answer.InterfaceName.DstPrefix}
	if len(a.SrcName) > maxName || len(a.DstPrefix) > maxName {
		return a, errors.New("it answers a name that no link can have")
	}
	var err error
	if answer.Gateway != "" {
		if a.Gateway, err = netip.ParseAddr(answer.Gateway); err != nil {
			return a, fmt.Errorf("gateway: %w", err)
		}
	}
	if answer.GatewayIPv6 != "" {
		if a.Gateway6, err = netip.ParseAddr(answer.GatewayIPv6); err != nil {
			return a, fmt.Errorf("gateway: %w", err)
		}
	}
	for _, r := range answer.StaticRoutes {
		route, err := routeOf(r)
		if err != nil {
			return a, err
		}
		a.Routes = append(a.Routes, route)
	}
	return a, nil
}

// maxName is the length of a link's name, in bytes (IFNAMSIZ less its zero).
const maxName = 15

func routeOf(r plugin.StaticRoute) (cnm.Route, error) {
	var route cnm.Route
	var err error
	if route.Destination, err = netip.ParsePrefix(r.Destination); err != nil {
		return route, fmt.Errorf("route: %w", err)
	}
	if r.RouteType == plugin.RouteNextHop {
		if route.NextHop, err = netip.ParseAddr(r.NextHop); err != nil {
			return route, fmt.Errorf("route to %s: %w", r.Destination, err)
		}
	}
	return route, nil
}

// Leave has the plugin take the interface away, if it may have made one.
func (d *Driver) Leave(ctx context.Context, n cnm.Network, e cnm.Endpoint) error {
	d.mu.Lock()
	state, known := d.endpoints[e.ID]
	d.mu.Unlock()
	if !known || state.joined == nil && !state.unknown {
		return nil
	}
	if err := d.remove(ctx, "Leave", plugin.EndpointRequest{NetworkID: n.ID, EndpointID: e.ID}); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.endpoints[e.ID] = endpoint{}
	return nil
}

// Publish has the plugin program what Docker calls external connectivity.
func (d *Driver) Publish(ctx context.Context, n cnm.Network, e cnm.Endpoint) ([]cnm.PortMap, error) {
	req := plugin.ExternalConnectivityRequest{NetworkID: n.ID, EndpointID: e.ID, Options: portOptions(e.PortMaps)}
	err := d.call(ctx, "ProgramExternalConnectivity", req, nil)
	if plug.IsUnknown(err) {
		return nil, &linkspan.Error{
			Code: linkspan.Invalid, Message: "plugin " + d.plugin.Name() + " publishes no ports", Hint: "leave out -p", Err: err,
		}
	}
	return e.PortMaps, err
}

// Unpublish has the plugin revoke it.
func (d *Driver) Unpublish(ctx context.Context, n cnm.Network, e cnm.Endpoint) error {
	if len(e.Published) == 0 {
		return nil
	}
	return d.remove(ctx, "RevokeExternalConnectivity", plugin.EndpointRequest{NetworkID: n.ID, EndpointID: e.ID})
}

func portOptions(ports []cnm.PortMap) map[string]any {
	bindings := make([]plugin.PortBinding, 0, len(ports))
	exposed := make([]map[string]any, 0, len(ports))
	for _, p := range ports {
		bindings = append(bindings, plugin.PortBinding{
			Proto: p.Proto, Port: p.Port, HostIP: p.HostIP, HostPort: p.HostPort, HostPortEnd: max(p.HostPort, p.HostPortEnd),
		})
		exposed = append(exposed, map[string]any{"Proto": p.Proto, "Port": p.Port})
	}
	return map[string]any{plugin.OptionPortMap: bindings, plugin.OptionExposedPorts: exposed}
}
