// SPDX-License-Identifier: Apache-2.0

package trust

import "strings"

// party is a set of those the table tells apart.
type party uint8

const (
	controller party = 1 << iota
	chassis
	datapath
	viewer
	operator
	admin
)

const (
	operators = operator | admin
	users     = viewer | operators
	readers   = users | chassis | controller
)

// grants is the whole of the authorization: who may do what. It is never
// written to. Records of what stands on a host (endpoints, their addresses, its
// datapath) come from that host alone, so not even an admin may write them.
var grants = [...]struct {
	action Action
	to     party
}{
	{NetworkRead, readers},
	{NetworkCreate, operators | chassis},
	{NetworkRemoveEmpty, operators | chassis},
	{NetworkRemove, operators},
	{EndpointRead, readers},
	{EndpointWriteOwn, chassis},
	{EndpointMove, operators},
	{EndpointCarry, chassis},
	{EndpointRemove, operators},
	{AddressAllocate, chassis},
	{RouteRead, readers},
	{RouteProbe, operators},
	{EventRead, readers},
	{SwitchRead, readers},
	{SwitchRemove, admin},
	{SiteRead, readers},
	{SiteClear, admin},
	{GroupRead, readers},
	{GroupChange, operators},
	{LinkRead, readers},
	{LinkChange, operators},
	{PolicyRead, readers},
	{PolicyWrite, operators},
	{ImageRead, readers},
	{ImageRemove, operators},
	{ImageCollect, operators},
	{TokenRead, admin},
	{TokenCreate, admin},
	{TokenRemove, admin},
	{UserRead, admin},
	{UserCreate, admin},
	{UserRemove, admin},
	{DatapathCreate, admin},
	{CertificateRenew, users | chassis | datapath | controller},
	{OpenFlowConnect, chassis | datapath},
	{OpenFlowRelay, controller},
}

func granted(a Action) (to party, known bool) {
	for _, g := range grants {
		if g.action == a {
			return g.to, true
		}
	}
	return 0, false
}

func partyOf(id Identity) party {
	switch {
	case id.Kind == KindController:
		return controller
	case id.Kind == KindChassis:
		return chassis
	case id.Kind == KindDatapath:
		return datapath
	case id.Kind == KindUser && id.Role == RoleViewer:
		return viewer
	case id.Kind == KindUser && id.Role == RoleOperator:
		return operator
	case id.Kind == KindUser && id.Role == RoleAdmin:
		return admin
	default:
		return 0
	}
}

func (p party) String() string {
	var names []string
	for i, name := range []string{"controller", "chassis", "datapath", "viewer", "operator", "admin"} {
		if p&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " or ")
}
