// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// withoutSeconds leaves out the reservations of second addresses that endpoints of
// the list have: who lists endpoints sees them there.
func withoutSeconds(records []linkspan.Endpoint) []linkspan.Endpoint {
	seconds := make(map[view.Key]bool)
	for i := range records {
		if e := &records[i]; e.Address6.IsValid() {
			seconds[view.Key{Network: e.Network, Address: e.Address6}] = true
		}
	}
	if len(seconds) == 0 {
		return records
	}
	return slices.DeleteFunc(records, func(e linkspan.Endpoint) bool { return seconds[view.KeyOf(&e)] })
}

// subnet6 is the IPv6 subnet of a network as people read it.
func subnet6(n *linkspan.Network) string {
	if !n.Dual() {
		return ""
	}
	return n.Subnet6.String()
}
