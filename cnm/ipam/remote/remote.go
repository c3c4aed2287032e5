// SPDX-License-Identifier: Apache-2.0

// Package remote is the IPAM whose work anybody's plugin does, by Docker's
// plugin protocol.
//
// A pool's id here is the plugin's own, written so that it can be part of a key.
// What a plugin refuses to release is taken for released, as Docker does.
//
// What it is not: it does not replay pools and addresses to a plugin that forgot
// them (RequiresRequestReplay).
//
//	p := plug.New(plug.Options{Name: "infoblox"})
//	ipams := map[string]cnm.IPAM{"infoblox": remote.New(remote.Options{Plugin: p})}
package remote

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/plug"
	"github.com/linkspan/linkspan/wire/plugin"
)

// Options is what an [IPAM] is made of.
type Options struct {
	Plugin *plug.Plugin
	Log    *slog.Logger // told what the plugin refuses to release; nil: nobody
}

// IPAM implements [cnm.IPAM].
type IPAM struct {
	plugin *plug.Plugin
	log    *slog.Logger
}

var _ cnm.IPAM = (*IPAM)(nil)

// New returns an IPAM. The plugin is looked for at its first use.
func New(options Options) *IPAM {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	return &IPAM{plugin: options.Plugin, log: options.Log}
}

func (i *IPAM) call(ctx context.Context, operation string, req, answer any) error {
	return i.plugin.Call(ctx, plugin.IpamDriver, operation, req, answer)
}

// RequestPool has the plugin choose or take a subnet.
func (i *IPAM) RequestPool(ctx context.Context, req cnm.PoolRequest) (cnm.Pool, error) {
	var spaces plugin.AddressSpaces
	if err := i.call(ctx, "GetDefaultAddressSpaces", nil, &spaces); err != nil {
		return cnm.Pool{}, err
	}
	ask := plugin.RequestPoolRequest{AddressSpace: spaces.LocalDefaultAddressSpace, Options: req.Options, V6: req.IPv6}
	if req.Subnet.IsValid() {
		ask.Pool = req.Subnet.String()
	}
	if req.Range.IsValid() {
		ask.SubPool = req.Range.String()
	}
	var answer plugin.RequestPoolResponse
	if err := i.call(ctx, "RequestPool", ask, &answer); err != nil {
		return cnm.Pool{}, err
	}
	p, err := poolOf(answer)
	if err != nil {
		err = fmt.Errorf("plugin %s: %w", i.plugin.Name(), err)
		return cnm.Pool{}, errors.Join(err, i.release(ctx, "ReleasePool", plugin.ReleasePoolRequest{PoolID: answer.PoolID}))
	}
	p.Range, p.Space = req.Range, spaces.LocalDefaultAddressSpace
	return p, nil
}

// gatewayKey is the key of Data under which a plugin names the gateway itself.
const gatewayKey = "com.docker.network.gateway"

func poolOf(answer plugin.RequestPoolResponse) (cnm.Pool, error) {
	p := cnm.Pool{ID: encode(answer.PoolID)}
	var err error
	if p.Subnet, err = netip.ParsePrefix(answer.Pool); err != nil {
		return p, fmt.Errorf("pool: %w", err)
	}
	p.Subnet = p.Subnet.Masked()
	if text := answer.Data[gatewayKey]; text != "" {
		gateway, err := netip.ParsePrefix(text)
		if err != nil {
			return p, fmt.Errorf("gateway: %w", err)
		}
		p.Gateway = gateway.Addr()
	}
	if answer.PoolID == "" || len(p.ID) > maxID {
		return p, errors.New("it answers an id that is empty or too long")
	}
	return p, nil
}

// maxID is the longest id that the controller takes.
const maxID = 128

// encode writes a plugin's id with letters, digits, '-' and '_' alone.
func encode(id string) string { return base64.RawURLEncoding.EncodeToString([]byte(id)) }

func decode(id string) (string, error) {
	text, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		return "", &linkspan.Error{Code: linkspan.NotFound, Message: "pool " + id + " is not one of this ipam driver", Err: err}
	}
	return string(text), nil
}

// ReleasePool releases gateway and auxiliary addresses, then the pool.
func (i *IPAM) ReleasePool(ctx context.Context, p cnm.Pool) error {
	id, err := decode(p.ID)
	if err != nil {
		return err
	}
	for _, a := range append([]netip.Addr{p.Gateway}, p.Reserved...) {
		if !a.IsValid() {
			continue
		}
		if err := i.release(ctx, "ReleaseAddress", plugin.ReleaseAddressRequest{PoolID: id, Address: a.String()}); err != nil {
			return err
		}
	}
	return i.release(ctx, "ReleasePool", plugin.ReleasePoolRequest{PoolID: id})
}

// RequestAddress has the plugin give an address.
func (i *IPAM) RequestAddress(ctx context.Context, req cnm.AddressRequest) (netip.Prefix, error) {
	id, err := decode(req.Pool.ID)
	if err != nil {
		return netip.Prefix{}, err
	}
	ask := plugin.RequestAddressRequest{PoolID: id, Options: make(map[string]string)}
	if req.Want.IsValid() {
		ask.Address = req.Want.String()
	}
	if req.Kind == cnm.GatewayAddress {
		ask.Options[plugin.OptionAddressType] = plugin.AddressTypeGateway
	}
	if req.Container != "" {
		ask.Options[plugin.OptionEndpointName] = req.Container
	}
	var answer plugin.RequestAddressResponse
	if err := i.call(ctx, "RequestAddress", ask, &answer); err != nil {
		return netip.Prefix{}, err
	}
	address, err := netip.ParsePrefix(answer.Address)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("plugin %s: address: %w", i.plugin.Name(), err)
	}
	return address, nil
}

// ReleaseAddress has the plugin release the address.
func (i *IPAM) ReleaseAddress(ctx context.Context, l cnm.Lease) error {
	id, err := decode(l.Pool)
	if err != nil {
		return err
	}
	return i.release(ctx, "ReleaseAddress", plugin.ReleaseAddressRequest{PoolID: id, Address: l.Address.Addr().String()})
}

func (i *IPAM) release(ctx context.Context, operation string, req any) error {
	err := i.call(ctx, operation, req, nil)
	if plug.IsRefused(err) {
		i.log.Warn("plugin does not release", "plugin", i.plugin.Name(), "operation", operation, "error", err)
		return nil
	}
	return err
}
