// SPDX-License-Identifier: Apache-2.0

package pairs

import (
	"context"

	"github.com/linkspan/linkspan/bench/stand"
)

// Veth is a link of a container that no network of Docker's made.
type Veth struct {
	Host, Container string // a node of the lab, and a container there
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
	pid, err := s.Process(ctx, v.Host, v.Container)
	if err != nil {
		return "", err
	}
	mac := ""
	if v.MAC != "" {
		mac = " address " + v.MAC
	}
	within = stand.Within(pid)
	return within, s.Each(v.Host,
		"ip link add "+v.Link+" mtu "+v.MTU+" type veth peer name "+v.Link+"-p"+mac+" mtu "+v.MTU,
		"ip link set "+v.Link+"-p netns "+pid,
		"ip link set "+v.Link+" up",
		within+"ip link set "+v.Link+"-p name "+Inside,
		within+"ip address add "+v.Address+" dev "+Inside,
		within+"ip link set "+Inside+" up",
	)
}
