// SPDX-License-Identifier: Apache-2.0

package moby_test

import (
	"context"
	"net"
	"testing"

	"github.com/moby/moby/v2/daemon/libnetwork/driverapi"
	"github.com/moby/moby/v2/daemon/libnetwork/ipamapi"
	"github.com/moby/moby/v2/daemon/libnetwork/netlabel"
	"github.com/moby/moby/v2/daemon/libnetwork/types"

	"github.com/linkspan/linkspan/cnm/cnmtest"
)

// Names as Docker makes them.
const (
	networkID  = "96fd0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab"
	endpointID = "6cae0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab"
	space      = "linkspan-local"
	key        = "/var/run/docker/netns/908a947fa467"
)

// network is one that exists: what libnetwork knows of it.
type network struct {
	*plugin
	pool    string
	options map[string]any
	data    []driverapi.IPAMData
}

// gatewayWish is what libnetwork asks a gateway's address with.
func gatewayWish() map[string]string {
	return map[string]string{ipamapi.RequestAddressType: netlabel.Gateway}
}

// options are those of `docker network create -o KEY=VALUE` for a network of
// IPv4.
func options(generic map[string]string) map[string]any {
	return map[string]any{netlabel.EnableIPv4: true, netlabel.EnableIPv6: false, netlabel.GenericData: generic}
}

// newNetwork makes a network as `docker network create` does, and binds it as
// the mirror does.
func newNetwork(t *testing.T) *network {
	t.Helper()
	return newNetworkWith(t, options(nil))
}

func newNetworkWith(t *testing.T, options map[string]any) *network {
	t.Helper()
	n := &network{plugin: newPlugin(t), options: options}
	pool, err := n.ipam.RequestPool(ipamapi.PoolRequest{AddressSpace: space, Pool: "10.7.0.0/24"})
	if err != nil {
		t.Fatal(err)
	}
	gateway, _, err := n.ipam.RequestAddress(pool.PoolID, nil, gatewayWish())
	if err != nil {
		t.Fatal(err)
	}
	n.pool = pool.PoolID
	n.data = subnet(pool.Pool.String(), gateway.String())
	if err := n.create(); err != nil {
		t.Fatal(err)
	}
	if err := n.c.Bind(t.Context(), networkID, cnmtest.Web()); err != nil {
		t.Fatal(err)
	}
	return n
}

// subnet is what libnetwork has of a network's addresses.
func subnet(pool, gateway string) []driverapi.IPAMData {
	return []driverapi.IPAMData{{AddressSpace: space, Pool: cidr(pool), Gateway: cidr(gateway)}}
}

func (n *network) create() error {
	return n.CreateNetwork(context.Background(), networkID, n.options, nil, n.data, nil)
}

// address takes one of the pool, for a container.
func (n *network) address(t *testing.T, want net.IP) *net.IPNet {
	t.Helper()
	address, _, err := n.ipam.RequestAddress(n.pool, want, map[string]string{"com.docker.network.endpoint.name": "c1"})
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// endpoint makes one with an address of the pool.
func (n *network) endpoint(t *testing.T, id string) *iface {
	t.Helper()
	i := &iface{v4: n.address(t, nil)}
	if err := n.CreateEndpoint(t.Context(), networkID, id, i, ports()); err != nil {
		t.Fatal(err)
	}
	return i
}

// join puts an endpoint into a sandbox.
func (n *network) join(t *testing.T, id string) *sandbox {
	t.Helper()
	box := new(sandbox)
	if err := n.Join(t.Context(), networkID, id, key, box, nil, ports()); err != nil {
		t.Fatal(err)
	}
	return box
}

// ports are the options of a container: Docker's own types, whose JSON is what
// the server reads.
func ports(published ...types.PortBinding) map[string]any {
	exposed := []types.TransportPort{}
	for _, p := range published {
		exposed = append(exposed, types.TransportPort{Proto: p.Proto, Port: p.Port})
	}
	return map[string]any{netlabel.ExposedPorts: exposed, netlabel.PortMap: published}
}
