// SPDX-License-Identifier: Apache-2.0

package hotplug

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/shape"
)

// CreateEndpoint chooses the MAC when none is given, the port's number, and
// the name of the host's interface: the other end of the container's. It reads
// the limits.
func (d *Driver) CreateEndpoint(_ context.Context, n cnm.Network, e cnm.Endpoint) (cnm.Endpoint, error) {
	if err := checkEndpoint(n, e); err != nil {
		return cnm.Endpoint{}, err
	}
	limits, err := n.Limits.With(e.Options)
	if err != nil {
		return cnm.Endpoint{}, err
	}
	if !n.Bound() || !e.Address.Addr().Is4() {
		return cnm.Endpoint{}, invalid("an endpoint of this driver needs an address of a network that the controller knows")
	}
	if a := e.Address6.Addr(); a.IsValid() && !n.Subnet6.Contains(a) {
		return cnm.Endpoint{}, invalid("address %s is not one of the network's, which has %s for IPv6", a, subnet6Text(n))
	}
	if err := d.carries6(n); err != nil {
		return cnm.Endpoint{}, err
	}
	port, err := d.numbers.lowest(e.ID, d.stored())
	if err != nil {
		return cnm.Endpoint{}, err
	}
	e.Port, e.Limits = port, limits
	e.HostInterface, _ = netns.Names(e.ID)
	if limits.Any() {
		e.HostInterface = shape.Inner(e.HostInterface)
	}
	if e.MAC == (linkspan.MAC{}) {
		e.MAC = macOf(n.Fabric, e.Address.Addr())
	}
	return e, nil
}

func subnet6Text(n cnm.Network) string {
	if !n.Subnet6.IsValid() {
		return "no subnet"
	}
	return n.Subnet6.String()
}

// stored returns the port numbers that the controller still has endpoints at.
// None of them is given to another endpoint: the controller would have two at
// one port until the address of the first is released, which may take as long
// as it is away.
func (d *Driver) stored() (ports portSet) {
	for _, e := range d.options.Fabric.Endpoints() {
		ports.add(e.Port)
	}
	return ports
}

// DeleteEndpoint gives the port's number back.
func (d *Driver) DeleteEndpoint(_ context.Context, _ cnm.Network, e cnm.Endpoint) error {
	d.numbers.free(e.ID)
	return nil
}

// macOf derives a locally administered unicast address (IEEE 802, 8.2), so that
// an address of a network always has the same MAC. Its second byte is below
// 0x80: those above are the datapath's own.
func macOf(network linkspan.NetworkID, address netip.Addr) linkspan.MAC {
	seed := binary.BigEndian.AppendUint32(nil, uint32(network))
	sum := sha256.Sum256(append(seed, address.AsSlice()...))
	return linkspan.MAC{0x02, sum[0] & 0x7f, sum[1], sum[2], sum[3], sum[4]}
}
