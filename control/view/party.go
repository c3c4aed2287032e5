// SPDX-License-Identifier: Apache-2.0

package view

import (
	"net/netip"

	"github.com/linkspan/linkspan"
)

// Party is one end of a conversation, as policies see it: an endpoint or, where
// Endpoint is nil, an address outside of all networks. The address is always
// there.
type Party struct {
	Endpoint *linkspan.Endpoint
	Address  netip.Addr
}

// PartyOf returns an endpoint as a party; a linkspan.OutsideEnd is one outside.
func PartyOf(e *linkspan.Endpoint) Party {
	if e.Outside() {
		return Outside(e.Address)
	}
	return Party{e, e.Address}
}

// Outside returns an address that is of no network as a party.
func Outside(a netip.Addr) Party { return Party{Address: a} }
