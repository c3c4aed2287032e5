// SPDX-License-Identifier: Apache-2.0

package moby_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/moby/moby/v2/daemon/libnetwork/driverapi"
	"github.com/moby/moby/v2/daemon/libnetwork/ipamapi"
	"github.com/moby/moby/v2/daemon/libnetwork/netlabel"
	"github.com/moby/moby/v2/daemon/libnetwork/types"
	"github.com/moby/moby/v2/pkg/plugins"
)

// refusal is a call that must fail with words that a person reads after
// `docker`, and change nothing.
type refusal struct {
	name  string
	call  func(t *testing.T, n *network) error
	words string // NAME is the plugin's
}

func TestRefusals(t *testing.T) {
	for _, r := range append(refusedNetworks(), append(refusedPools(), refusedEndpoints()...)...) {
		t.Run(r.name, func(t *testing.T) {
			n := newNetwork(t)
			err := r.call(t, n)
			if want := strings.ReplaceAll(r.words, "NAME", n.name); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
			n.left(1, 0, 0)
		})
	}
}

// second creates another network with these options and subnets. Those of our
// own IPAM have a pool.
func second(with map[string]any, v4, v6 []driverapi.IPAMData) func(*testing.T, *network) error {
	return func(t *testing.T, n *network) error {
		for _, data := range v4 {
			if data.AddressSpace != space {
				continue
			}
			if _, err := n.ipam.RequestPool(ipamapi.PoolRequest{AddressSpace: space, Pool: data.Pool.String()}); err != nil {
				t.Error(err)
			}
		}
		return n.CreateNetwork(t.Context(), strings.Repeat("b", 64), with, nil, v4, v6)
	}
}

func refusedNetworks() []refusal {
	ours := driverapi.IPAMData{AddressSpace: space, Pool: cidr("10.8.0.0/24"), Gateway: cidr("10.8.0.1/24")}
	other := driverapi.IPAMData{AddressSpace: space, Pool: cidr("10.9.0.0/24"), Gateway: cidr("10.9.0.1/24")}
	theirs := driverapi.IPAMData{AddressSpace: "LocalDefault", Pool: cidr("172.18.0.0/16"), Gateway: cidr("172.18.0.1/16")}
	six := driverapi.IPAMData{AddressSpace: space, Pool: cidr("fd91::/64"), Gateway: cidr("fd91::1/64")}
	dual, odd := options(nil), options(nil)
	dual[netlabel.EnableIPv6] = true
	odd[netlabel.Internal] = "perhaps"
	type list = []driverapi.IPAMData
	return []refusal{
		{"Docker's own ipam", second(options(nil), list{theirs}, nil),
			"remote: a network of driver NAME needs the ipam driver NAME too; type: docker network create -d NAME --ipam-driver NAME --subnet 172.18.0.0/16"},
		{"IPv6 alone", second(dual, nil, list{six}), "remote: a network needs IPv4"},
		{"two subnets", second(options(nil), list{ours, other}, nil), "a network has one subnet of each family; give --subnet once"},
		{"no subnet", second(options(nil), nil, nil), "a network needs IPv4"},
		{"unknown option", second(options(map[string]string{"colour": "red"}), list{ours}, nil), "unknown option colour; the options are"},
		{"option out of bounds", second(options(map[string]string{netlabel.DriverMTU: "9000"}), list{ours}, nil), "9000 is more than the 1450"},
		{"option of a wrong kind", second(odd, list{ours}, nil), "perhaps is not true or false"},
		{"a network without id", func(t *testing.T, n *network) error {
			return n.CreateNetwork(t.Context(), "", options(nil), nil, list{ours}, nil)
		}, "NetworkDriver.CreateNetwork: request has no NetworkID"},
	}
}

// pool requests one.
func pool(with ipamapi.PoolRequest) func(*testing.T, *network) error {
	return func(_ *testing.T, n *network) error {
		_, err := n.ipam.RequestPool(with)
		return err
	}
}

// asked requests an address of the network's pool.
func asked(want string) func(*testing.T, *network) error {
	return func(_ *testing.T, n *network) error {
		_, _, err := n.ipam.RequestAddress(n.pool, net.ParseIP(want), nil)
		return err
	}
}

func refusedPools() []refusal {
	tenant := map[string]string{"tenant": "a"}
	return []refusal{
		{"unknown ipam option", pool(ipamapi.PoolRequest{AddressSpace: space, Pool: "10.8.0.0/24", Options: tenant}),
			"remote: request pool 10.8.0.0/24: unknown ipam option tenant; leave out --ipam-opt tenant"},
		{"pool of link-local addresses", pool(ipamapi.PoolRequest{AddressSpace: space, Pool: "fe80::/64", V6: true}), "link-local"},
		{"pool of the other family", pool(ipamapi.PoolRequest{AddressSpace: space, Pool: "10.8.0.0/24", V6: true}), "of the other address family"},
		{"pool that cannot be", pool(ipamapi.PoolRequest{AddressSpace: space, Pool: "10.8.0.0/31"}), "is not between /8 and /30"},
		{"range outside", pool(ipamapi.PoolRequest{AddressSpace: space, Pool: "10.8.0.0/24", SubPool: "10.9.0.0/25"}), "is not inside 10.8.0.0/24"},
		{"no pool", pool(ipamapi.PoolRequest{AddressSpace: space, Pool: "nonsense"}), `subnet "nonsense" is not a CIDR`},
		{"the gateway's address", asked("10.7.0.1"), "address 10.7.0.1 is taken: it is the gateway"},
		{"address of a network that is refused", func(t *testing.T, n *network) error {
			n.c.Refuse(t.Context(), networkID, errors.New("network web exists with subnet 10.8.0.0/24"))
			return asked("")(t, n)
		}, "remote: request address of 10.7.0.0/24: network web exists with subnet 10.8.0.0/24"},
		{"address that is taken", func(t *testing.T, n *network) error {
			taken := n.address(t, net.ParseIP("10.7.0.9"))
			defer func() { _ = n.ipam.ReleaseAddress(n.pool, taken.IP) }()
			return asked("10.7.0.9")(t, n)
		}, "address 10.7.0.9 is taken by c1"},
	}
}

// releasing calls with an address of the pool, and gives it back.
func releasing(call func(*testing.T, *network, *net.IPNet) error) func(*testing.T, *network) error {
	return func(t *testing.T, n *network) error {
		address := n.address(t, nil)
		err := call(t, n, address)
		if err := n.ipam.ReleaseAddress(n.pool, address.IP); err != nil {
			t.Error(err)
		}
		return err
	}
}

func refusedEndpoints() []refusal {
	return []refusal{
		{"unknown driver option", releasing(func(t *testing.T, n *network, address *net.IPNet) error {
			i := &iface{v4: address}
			defer func() {
				if i.mac != nil {
					t.Errorf("a refused endpoint has MAC %s", i.mac)
				}
			}()
			return n.CreateEndpoint(t.Context(), networkID, endpointID, i, map[string]any{"my": "opt"})
		}), "unknown driver option my; the driver options are linkspan.rate.egress, linkspan.rate.ingress, com.docker.network.endpoint.ifname"},
		{"address of IPv6 where there is none", releasing(func(t *testing.T, n *network, address *net.IPNet) error {
			return n.CreateEndpoint(t.Context(), networkID, endpointID, &iface{v4: address, v6: cidr("fd91::2/64")}, nil)
		}), "address fd91::2 is not one of the network's, which has no subnet for IPv6"},
		{"endpoint of no network", releasing(func(t *testing.T, n *network, address *net.IPNet) error {
			return n.CreateEndpoint(t.Context(), strings.Repeat("c", 64), endpointID, &iface{v4: address}, nil)
		}), "network cccccccccccc is not known here"},
		{"join of no endpoint", func(t *testing.T, n *network) error {
			return n.Join(t.Context(), networkID, endpointID, key, new(sandbox), nil, ports())
		}, "endpoint 6cae01234567 is not known here"},
		{"published port", releasing(func(t *testing.T, n *network, address *net.IPNet) error {
			published := ports(types.PortBinding{Proto: types.TCP, Port: 80, HostPort: 18080, HostPortEnd: 18080})
			err := n.CreateEndpoint(t.Context(), networkID, endpointID, &iface{v4: address}, published)
			err = errors.Join(err, n.Join(t.Context(), networkID, endpointID, key, new(sandbox), nil, published))
			if err != nil {
				t.Fatal(err)
			}
			err = n.ProgramExternalConnectivity(t.Context(), networkID, endpointID, endpointID, "")
			return errors.Join(err, n.Leave(networkID, endpointID), n.DeleteEndpoint(networkID, endpointID))
		}), "ports cannot be published on this host, which has no gateway; linkspan doctor says why"},
	}
}

// An operation of a later Docker is told apart from one that failed: the
// proxies tolerate it.
func TestUnknownOperation(t *testing.T) {
	p := newPlugin(t)
	found, err := plugins.Get(p.name, driverapi.NetworkPluginEndpointType)
	if err != nil {
		t.Fatal(err)
	}
	err = found.Client().Call("NetworkDriver.Frobnicate", struct{}{}, new(struct{}))
	if !plugins.IsNotFound(err) || !strings.Contains(err.Error(), "no such operation") {
		t.Errorf("got %v", err)
	}
}
