// SPDX-License-Identifier: Apache-2.0

package fabric_test

import (
	"fmt"
	"testing"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

func bridges(network string, subnets ...string) *apiv1.Bridges {
	return &apiv1.Bridges{Networks: []*apiv1.Bridge{{Network: network, Subnets: subnets}}}
}

// TestBridgesAreTold: what the last message that says anything says, all of it.
func TestBridgesAreTold(t *testing.T) {
	c := newController(t)
	h := newHost(t, c, localStore(t))
	says := func(want string) {
		t.Helper()
		eventually(t, "it leads "+want, func() bool {
			to, ok := h.Bridged()
			return ok && fmt.Sprint(to) == want
		})
	}
	says("map[]")
	c.say(&apiv1.ChassisServiceFollowResponse{Sequence: 2, Bridges: bridges("n1", "10.7.0.0/24", "10.7.0.1/24", "nonsense")})
	says("map[n1:[10.7.0.0/24]]")
	c.say(&apiv1.ChassisServiceFollowResponse{Sequence: 3, Networks: []*apiv1.Network{network(7, "web", "10.7.0.0/24")}})
	says("map[n1:[10.7.0.0/24]]")
	c.say(&apiv1.ChassisServiceFollowResponse{Sequence: 4, Bridges: bridges("n2", "10.8.0.0/24")})
	says("map[n2:[10.8.0.0/24]]")
	c.breakStream()
	says("map[]") // the next begins with a snapshot that has none
}
