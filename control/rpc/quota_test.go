// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/trust"
)

// TestQuotas: a switch has so many endpoints and networks, and others are not
// concerned.
func TestQuotas(t *testing.T) {
	h := build(t)
	h1, h2 := h.join("h1"), h.join("h2")
	network := h.network("web", "10.0.0.0/8")
	h.eventually("the network is known", func() bool { return h.hub.View().Network(network) != nil })
	var many []view.Change
	for i := range 4096 {
		many = append(many, view.PutEndpoint(&linkspan.Endpoint{
			Network: network, Chassis: h1.id, Address: netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}),
		}))
	}
	for i := range 1024 {
		many = append(many, view.PutNetwork(&linkspan.Network{
			ID: linkspan.NetworkID(1000 + i), Name: fmt.Sprintf("n%d", i), Creator: "root on h1", Subnet: netip.MustParsePrefix("192.0.2.0/24"),
		}))
	}
	h.hub.Update(many...)

	_, err := h1.reserve(t.Context(), network, "", "c1")
	refused(t, err, linkspan.Exhausted)
	if err == nil || !strings.Contains(err.Error(), "4096 endpoints") {
		t.Errorf("it says %v", err)
	}
	_, err = create(t, h1.Client, &apiv1.Network{Name: "more", Subnet: "10.9.0.0/24"}, false)
	refused(t, err, linkspan.Exhausted)

	if _, err := h2.reserve(t.Context(), network, "", "c1"); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		who     string
		created error
	}{
		{"another switch", second(create(t, h2.Client, &apiv1.Network{Name: "more2", Subnet: "10.9.0.0/24"}, false))},
		{"an operator", second(create(t, h.user(trust.RoleOperator), &apiv1.Network{Name: "more3", Subnet: "10.9.0.0/24"}, false))},
		{"the switch, of one that exists", second(create(t, h1.Client, &apiv1.Network{Name: "web", Subnet: "10.0.0.0/8"}, true))},
	} {
		if c.created != nil {
			t.Errorf("%s: %v", c.who, c.created)
		}
	}
}

func second[T any](_ T, err error) error { return err }
