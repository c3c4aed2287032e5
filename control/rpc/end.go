// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/explain"
	"github.com/linkspan/linkspan/control/view"
)

// findEnd finds the one of whom may says that they can be meant that a person means by a
// name or an address: an endpoint of any network, also of those that one host has alone.
// An address that none of them has is one outside.
func findEnd(v *view.View, name string, may func(*explain.End) bool) (explain.End, error) {
	address, err := netip.ParseAddr(name)
	var found []explain.End
	if err == nil {
		found = endsOfAddress(v, address)
	} else if found, err = endsOfName(v, name); err != nil {
		return explain.End{}, err
	}
	found = slices.DeleteFunc(found, func(e explain.End) bool { return !may(&e) })
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return explain.End{}, severalEnds(v, name, found)
	case address.IsValid():
		return explain.End{Party: view.Outside(address)}, nil
	}
	return explain.End{}, &linkspan.Error{
		Code: linkspan.NotFound, Message: "endpoint " + name + " is not attached anywhere",
		Hint: "linkspan endpoint ls shows those that are",
	}
}

// endsOfAddress returns all who have an address: the attached, else who has reserved it.
func endsOfAddress(v *view.View, a netip.Addr) (found []explain.End) {
	var reserved []explain.End
	for n := range v.Networks() {
		e := v.Endpoint(view.Key{Network: n.ID, Address: a})
		switch {
		case e == nil:
		case e.Joined():
			found = append(found, explain.At(e))
		default:
			reserved = append(reserved, explain.At(e))
		}
	}
	for e := range locals(v) {
		if e.Local.Address == a || e.Local.Address6 == a {
			found = append(found, e)
		}
	}
	if len(found) == 0 {
		return reserved
	}
	return found
}

// locals yields all who are in networks of single hosts, but for those that are endpoints
// of the fabric, too.
func locals(v *view.View) func(func(explain.End) bool) {
	return func(yield func(explain.End) bool) {
		for on := range v.LocalHosts() {
			for e := range v.LocalEndpoints(on) {
				if v.JoinedAs(e) != nil {
					continue
				}
				end := explain.End{Local: e, Network: v.LocalNetwork(on, e.Network)}
				if end.Address = e.Address; !e.Address.IsValid() {
					end.Address = e.Address6
				}
				if !yield(end) {
					return
				}
			}
		}
	}
}

// endsOfName returns all whom a name may mean; one with two addresses is two.
func endsOfName(v *view.View, name string) (found []explain.End, err error) {
	parsed, err := linkspan.ParseEndpointName(name)
	if err != nil {
		return nil, err
	}
	readings := []linkspan.EndpointName{parsed}
	if whole := parsed.Whole(); whole != parsed {
		readings = append(readings, whole)
	}
	means := func(container string, network func(string) bool, on linkspan.ChassisID) bool {
		return slices.ContainsFunc(readings, func(r linkspan.EndpointName) bool {
			return r.Container == container && (r.Network == "" || network(r.Network)) && (r.Chassis == "" || r.Chassis == v.ChassisName(on))
		})
	}
	for n := range v.Networks() {
		for _, r := range readings {
			for e := range v.Named(n.ID, r.Container) {
				if means(e.Container, n.Called, e.Chassis) && !slices.ContainsFunc(found, func(o explain.End) bool { return o.Endpoint == e }) {
					found = append(found, explain.At(e))
				}
			}
		}
	}
	for e := range locals(v) {
		called := func(name string) bool { return name == localNetworkName(&e) }
		if means(e.Local.Container, called, e.Local.Chassis) {
			found = append(found, e)
		}
	}
	return found, nil
}

func localNetworkName(e *explain.End) string {
	if e.Network != nil {
		return e.Network.Name
	}
	return e.Local.Network
}

func severalEnds(v *view.View, name string, found []explain.End) error {
	candidates := make([]string, len(found))
	for i := range found {
		candidates[i] = strings.TrimPrefix(endText(v, &found[i])+" ("+found[i].Address.String()+")", " ")
	}
	slices.Sort(candidates)
	return &linkspan.Error{
		Code: linkspan.Conflict, Message: "endpoint " + name + " may be any of " + strings.Join(candidates, ", "),
		Hint: "name one in full, as [chassis/]container[.network]",
	}
}
