// SPDX-License-Identifier: Apache-2.0

package pairs

import (
	"context"

	"github.com/linkspan/linkspan/bench/stand"
)

// Veth is a link of a container, or of a namespace of ip-netns(8), that no network
// of Docker's made.
type Veth struct {
	Host, Container string // a node of the lab, and a container there
	Namespace       string // name of the namespace, where there is no container
	Link            string // name on the host, at most 13 letters
	Address         string // in the container, with the length of its prefix
	MAC             string // in the container; empty: the kernel chooses
	MTU             string
}

// Inside is the name of the link in the container.
const Inside = "st0"

// Plug makes the link, which is up at both ends then. It returns what stands
// before a command that is to run on the host in the container's network.
func (v Veth) Plug(ctx context.Context, s *stand.Stand) (within string, err error) {
	target := v.Namespace
	within = Named(v.Namespace)
	if v.Container != "" {
		if target, err = s.Process(ctx, v.Host, v.Container); err != nil {
			return "", err
		}
		within = stand.Within(target)
	}
	mac := ""
	if v.MAC != "" {
		mac = " address " + v.MAC
	}
	return within, s.Each(v.Host,
		"ip link add "+v.Link+" mtu "+v.MTU+" type veth peer name "+v.Link+"-p"+mac+" mtu "+v.MTU,
		"ip link set "+v.Link+"-p netns "+target,
		"ip link set "+v.Link+" up",
		within+"ip link set "+v.Link+"-p name "+Inside,
		within+"ip address add "+v.Address+" dev "+Inside,
		within+"ip link set "+Inside+" up",
	)
}

// Named returns what stands before a command that is to run in a namespace of
// ip-netns(8).
func Named(namespace string) string { return "ip netns exec " + namespace + " " }
