// SPDX-License-Identifier: Apache-2.0

package null_test

import (
	"net/netip"
	"os"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/bridge"
	"github.com/linkspan/linkspan/cnm/driver/drivertest"
	"github.com/linkspan/linkspan/cnm/ipam/null"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

func TestWhatIsAskedForIsRefused(t *testing.T) {
	i := null.New()
	for name, req := range map[string]cnm.PoolRequest{
		"subnet": {Subnet: netip.MustParsePrefix("10.7.0.0/24")}, "range": {Range: netip.MustParsePrefix("10.7.0.0/24")},
		"IPv6": {IPv6: true}, "option": {Options: map[string]string{"a": "b"}},
	} {
		if _, err := i.RequestPool(t.Context(), req); linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := i.RequestAddress(t.Context(), cnm.AddressRequest{Want: netip.MustParseAddr("10.7.0.1")}); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("an address: got %v", err)
	}
}

// Endpoints of a network with this IPAM have a link and no address.
func TestANetworkWithoutAddresses(t *testing.T) {
	ovstest.Need(t, "ip")
	h := drivertest.NewHost(t, "bridge", bridge.New(bridge.Options{}))
	one, two := h.Net(cnm.NetworkSpec{Name: "one", IPAM: "null"}), h.Net(cnm.NetworkSpec{Name: "two", IPAM: "null"})
	box := h.Box("a", one, two)
	if len(h.Leases()) > 0 || len(box.Endpoints[0].Addresses()) > 0 {
		t.Errorf("leases are %v, endpoint is %+v", h.Leases(), box.Endpoints[0])
	}
	if err := box.Do(func() error {
		for _, link := range []string{"eth0", "eth1"} {
			if out := ovstest.IP(t, "-o", "address", "show", link); out != "" {
				t.Errorf("%s has %s", link, out)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
