// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"fmt"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/explain"
	"github.com/linkspan/linkspan/control/view"
)

// findParties finds the attached endpoints that a person means by names or addresses; an
// address that no endpoint has is one outside. A name means the endpoint at its address of
// IPv6 where the other end is an address of that, or its ICMP is asked about, and else of
// IPv4, if it has both. The error has code Invalid where the two are of two families:
// nothing leads from one to the other.
func findParties(v *view.View, nameFrom, nameTo string, protocol uint8) (from, to view.Party, err error) {
	six := isAddress6(nameFrom) || isAddress6(nameTo) || protocol == linkspan.ProtocolICMP6
	if from, err = findParty(v, nameFrom, six); err != nil {
		return from, to, err
	}
	if to, err = findParty(v, nameTo, six); err != nil {
		return from, to, err
	}
	if from.Address.Is4() != to.Address.Is4() {
		err = &linkspan.Error{
			Code: linkspan.Invalid, Message: fmt.Sprintf("%s is %s and %s is %s: no packet leads from one family to the other", nameFrom, from.Address, nameTo, to.Address),
			Hint: "name two that have addresses of one family",
		}
	}
	return from, to, err
}

func findParty(v *view.View, name string, six bool) (view.Party, error) {
	attached := func(e *explain.End) bool { return e.Endpoint != nil && e.Endpoint.Attached() }
	if _, err := netip.ParseAddr(name); err == nil {
		e, err := findEnd(v, name, attached)
		return e.Party, err
	}
	e, err := findEnd(v, name, func(e *explain.End) bool { return attached(e) && e.Address.Is6() == six })
	if linkspan.CodeOf(err) == linkspan.NotFound {
		e, err = findEnd(v, name, attached)
	}
	return e.Party, err
}

// partyName is the full name of an endpoint, and nothing of an address outside.
func partyName(v *view.View, p view.Party) string {
	if p.Endpoint == nil {
		return ""
	}
	return explain.Name(v, p.Endpoint)
}
