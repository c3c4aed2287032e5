// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"net/netip"
	"slices"
	"strings"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// belied lists what the container's host tells of it that the controller knows otherwise:
// whoever broke into that host would else choose the name, by which links and policies
// mean it, and the networks and addresses, of what runs on this one.
func belied(s *spec, t *apiv1.CarryCheck) (list []string) {
	if t.GetContainer() == "" {
		return nil
	}
	if s.Name != t.GetContainer() {
		list = append(list, "its host tells of container "+s.Name+", not of "+t.GetContainer())
	}
	for _, a := range s.attached() {
		if a.Network == defaultNetwork || slices.ContainsFunc(t.GetBears(), a.borneAs) {
			continue
		}
		parts := []string{"its host tells that it has", a.Address, a.Address6, a.MAC, "in network", a.Network + ", where the controller knows nothing of that"}
		list = append(list, strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " "))
	}
	return list
}

// borneAs says whether the attachment is what the controller knows of it.
func (a *attachment) borneAs(b *apiv1.MoveAddress) bool {
	return a.Network == b.GetNetwork() && sameAddress(a.Address, b.GetAddress()) && sameAddress(a.Address6, b.GetAddress6()) &&
		(a.MAC == "" || strings.EqualFold(a.MAC, b.GetMac()))
}

// sameAddress says whether an address is the one that is known; none is any.
func sameAddress(told, known string) bool {
	if told == "" {
		return true
	}
	a, err := netip.ParseAddr(told)
	b, bad := netip.ParseAddr(known)
	return err == nil && bad == nil && a == b
}
