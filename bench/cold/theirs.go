// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/netip"
	"path/filepath"

	"github.com/linkspan/linkspan/bench/process"
	"github.com/linkspan/linkspan/bench/stand"
)

// The bridge of ovs-testcontroller: the same kind of datapath, two ends whose
// neighbours are known, and no other way to learn than packets.
const theirBridge = `set -e
ovs-vsctl add-br br-peer -- set bridge br-peer fail_mode=secure other_config:disable-in-band=true \
  protocols=OpenFlow10,OpenFlow13 datapath_type="$(ovs-vsctl get bridge br-link datapath_type)"
ip netns add left; ip netns add right
for end in left right; do
  ip link add "p-$end" type veth peer name eth0 netns "$end"
  ip link set "p-$end" up; ip -n "$end" link set lo up; ip -n "$end" link set eth0 up
  ovs-vsctl add-port br-peer "p-$end"
done
ip -n left address add 10.204.0.1/24 dev eth0; ip -n right address add 10.204.0.2/24 dev eth0
mac() { ip -n "$1" -o link show eth0 | sed -E 's/.*link.ether ([^ ]*).*/\1/'; }
ip -n left neighbour replace 10.204.0.2 lladdr "$(mac right)" dev eth0 nud permanent
ip -n right neighbour replace 10.204.0.1 lladdr "$(mac left)" dev eth0 nud permanent
ovs-vsctl set-controller br-peer tcp:127.0.0.1:16653
`

// startPeer builds the bridge on the first host and starts its controller there.
func (c *config) startPeer(s *stand.Stand) (*process.Process, *subject, error) {
	const host = "h1"
	args, err := s.ExecArgs(host, "/", []string{c.peer, "ptcp:16653:127.0.0.1"})
	if err != nil {
		return nil, nil, err
	}
	p, err := process.Start(process.Command{Path: args[0], Args: args[1:], Log: filepath.Join(c.dir, "peer.log")})
	if err != nil {
		return nil, nil, err
	}
	sub, err := peerPair(s, host)
	if err != nil {
		p.Stop()
		return nil, nil, fmt.Errorf("ovs-testcontroller: %w", err)
	}
	return p, sub, nil
}

func peerPair(s *stand.Stand, host string) (*subject, error) {
	if _, err := s.On(host, "sh", "-c", theirBridge); err != nil {
		return nil, err
	}
	space, err := s.Inside(host, "/run/netns/left")
	if err != nil {
		return nil, err
	}
	sub := &subject{name: "ovs-testcontroller, one host", to: netip.MustParseAddr("10.204.0.2")}
	if sub.from, err = newProber(space, 99); err != nil {
		return nil, err
	}
	b, err := management(s, host, "br-peer", learned())
	sub.bridges = []*bridge{b}
	return sub, err
}
