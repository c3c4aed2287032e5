// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/wire/plugin"
)

// CreateEndpoint has the plugin create the endpoint, once. What was given is
// given to it, and it may answer what was not: the MAC and, on a network whose
// IPAM gives none, addresses.
func (d *Driver) CreateEndpoint(ctx context.Context, n cnm.Network, e cnm.Endpoint) (cnm.Endpoint, error) {
	d.mu.Lock()
	_, done := d.endpoints[e.ID]
	d.mu.Unlock()
	if done {
		return e, nil
	}
	req := plugin.CreateEndpointRequest{NetworkID: n.ID, EndpointID: e.ID, Interface: interfaceOf(e), Options: make(map[string]any, len(e.Options))}
	for key, value := range e.Options {
		req.Options[key] = value
	}
	var answer plugin.CreateEndpointResponse
	if err := d.call(ctx, "CreateEndpoint", req, &answer); err != nil {
		return cnm.Endpoint{}, err
	}
	d.mu.Lock()
	d.endpoints[e.ID] = endpoint{}
	d.mu.Unlock()
	if answer.Interface == nil {
		return e, nil
	}
	made, err := take(e, req.Interface, *answer.Interface)
	if err != nil {
		err = fmt.Errorf("plugin %s: %w", d.plugin.Name(), err)
		return cnm.Endpoint{}, errors.Join(err, d.DeleteEndpoint(ctx, n, e))
	}
	return made, nil
}

func interfaceOf(e cnm.Endpoint) plugin.Interface {
	var i plugin.Interface
	if e.Address.IsValid() {
		i.Address = e.Address.String()
	}
	if e.Address6.IsValid() {
		i.AddressIPv6 = e.Address6.String()
	}
	if e.MAC != (linkspan.MAC{}) {
		i.MacAddress = e.MAC.String()
	}
	return i
}

// take fills in what the plugin answers. A plugin that answers what it was given
// is an error, as it is to Docker: nobody would know which of the two holds.
func take(e cnm.Endpoint, given, answered plugin.Interface) (cnm.Endpoint, error) {
	var err error
	fill := func(what, given, answered string, parse func(string) error) {
		switch {
		case err != nil || answered == "":
		case given != "":
			err = &linkspan.Error{Code: linkspan.Invalid, Message: "it answers the " + what + " that it was given"}
		default:
			err = parse(answered)
		}
	}
	fill("address", given.Address, answered.Address, func(s string) (err error) {
		e.Address, err = netip.ParsePrefix(s)
		return err
	})
	fill("IPv6 address", given.AddressIPv6, answered.AddressIPv6, func(s string) (err error) {
		e.Address6, err = netip.ParsePrefix(s)
		return err
	})
	fill("mac address", given.MacAddress, answered.MacAddress, func(s string) (err error) {
		e.MAC, err = linkspan.ParseMAC(s)
		return err
	})
	return e, err
}

// DeleteEndpoint has the plugin delete the endpoint, if it may have it.
func (d *Driver) DeleteEndpoint(ctx context.Context, n cnm.Network, e cnm.Endpoint) error {
	d.mu.Lock()
	_, known := d.endpoints[e.ID]
	d.mu.Unlock()
	if known || e.Removing != nil {
		if err := d.remove(ctx, "DeleteEndpoint", plugin.EndpointRequest{NetworkID: n.ID, EndpointID: e.ID}); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.endpoints, e.ID)
	return nil
}
