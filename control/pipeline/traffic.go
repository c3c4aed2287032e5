// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/openflow"
)

// maskObject is the part of a cookie that names the object.
const maskObject = uint64(objectMask)

// ArrivedFrom returns the request for the flow that counts what comes in by an
// endpoint's port, tagged frames excepted.
func ArrivedFrom(e *linkspan.Endpoint) *openflow.FlowRequest {
	return &openflow.FlowRequest{
		TableID: tableClassify,
		Cookie:  uint64(NewCookie(KindEndpoint, 0, endpointObject(e))), CookieMask: maskKind | maskObject,
	}
}

// RoutedFrom returns the request for the flows of the routes that an endpoint
// sends by, from e.Address: those of its face are asked for apart. With ArrivedFrom's they tell what it sends in vain: both count a
// packet at once. What a class of a tracked pair is denied counts as routed.
func RoutedFrom(e *linkspan.Endpoint) *openflow.FlowRequest {
	return &openflow.FlowRequest{
		TableID: tableRoute, Cookie: uint64(NewCookie(KindRoute, 0, 0)), CookieMask: maskRoutes,
		Match: sent(match().Reg(regNetwork, uint32(e.Network)), e.Address).View(),
	}
}

// DeniedIn returns the request for the flows that drop what endpoints of a
// network on this chassis send and was denied.
func DeniedIn(id linkspan.NetworkID) *openflow.FlowRequest {
	return &openflow.FlowRequest{
		TableID: tableRoute, Cookie: uint64(NewCookie(KindDeny, 0, 0)), CookieMask: maskKind,
		Match: match().Reg(regNetwork, uint32(id)).View(),
	}
}

// DeniedTo returns the destination of a flow that DeniedIn asked for; ok is false
// where the denial has none.
func DeniedTo(f *openflow.FlowStats) (to netip.Addr, ok bool) {
	for _, of := range families {
		if to, ok = f.Match.Addr(of.dst); ok {
			return to, true
		}
	}
	return to, false
}
