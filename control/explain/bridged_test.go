// SPDX-License-Identifier: Apache-2.0

package explain_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/explain"
	"github.com/linkspan/linkspan/control/view"
)

// yards are two bridges of the first host that are joined to the fabric: g in both.
func yards(more ...view.Change) []view.Change {
	for i, name := range []string{"gate", "yard"} {
		subnet := netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 20 + byte(i)}), 16)
		n := linkspan.Network{ID: linkspan.NetworkID(20 + i), Name: "h1/" + name, Driver: linkspan.Bridge, Chassis: 1, Local: name, Subnet: subnet}
		n.ApplyDefaults()
		address := subnet.Addr().As4()
		address[3] = 2
		more = append(more, view.PutNetwork(&n), view.PutLocalNetwork(&linkspan.LocalNetwork{Chassis: 1, ID: name, Name: name, Driver: linkspan.BridgeDriver}),
			view.PutLocalEndpoint(&linkspan.LocalEndpoint{
				Chassis: 1, ID: "g" + name, Network: name, Container: "g", Address: netip.AddrFrom4(address), Port: linkspan.MaxPort - uint32(i),
			}))
	}
	return more
}

// TestNamesOnBridges: a container is named with its host, and so its network by what that
// calls it: as a person types both.
func TestNamesOnBridges(t *testing.T) {
	of := func(id linkspan.NetworkID) linkspan.LinkEnd {
		return linkspan.LinkEnd{Chassis: 1, Container: "g", Network: id}
	}
	v := world(t, yards(link(linkspan.LinkDeny, of(20), of(21)))...)
	q := question(t, v, "172.20.0.2", "172.21.0.2", "tcp/80")
	if got := explain.Name(v, q.From.Endpoint) + " " + explain.Name(v, q.To.Endpoint); got != "h1/g.gate h1/g.yard" {
		t.Errorf("they are called %s", got)
	}
	q.To = end(t, v, "w2")
	if got := explain.Remedies(v, q, explain.Fit{}); len(got) != 3 || strings.Join(got[1].Commands, "") != "linkspan connect h1/g.gate h2/w2" {
		t.Errorf("told: %v", got)
	}
	l := v.Link(q.From.Endpoint, v.Endpoint(view.Key{Network: 21, Address: netip.MustParseAddr("172.21.0.2")}))
	if got := explain.LinkEnds(v, l); got != "h1/g.gate h1/g.yard" {
		t.Errorf("the link is %s", got)
	}
}
