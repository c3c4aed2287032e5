// SPDX-License-Identifier: Apache-2.0

package overlay_test

import (
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/overlay"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// BenchmarkOnePeer changes one peer of a network of ten thousand, over a hundred
// hosts, in the kernel.
func BenchmarkOnePeer(b *testing.B) {
	ovstest.Need(b, "ip")
	ovstest.IP(b, "link", "set", "lo", "up")
	d, err := overlay.New(overlay.Options{Local: netip.MustParseAddr("127.0.0.1"), Namespace: filepath.Join(b.TempDir(), "overlay")})
	must(b, err)
	n := cnm.Network{ID: "bench", Fabric: 42, Subnet: netip.MustParsePrefix("10.0.0.0/8")}
	e := cnm.Endpoint{ID: "e", Network: n.ID, Address: netip.MustParsePrefix("10.255.0.1/8"), MAC: linkspan.MAC{2, 1}}
	must(b, d.CreateNetwork(b.Context(), n))
	e, err = d.CreateEndpoint(b.Context(), n, e)
	must(b, err)
	_, err = d.Join(b.Context(), n, e)
	must(b, err)
	peers := make([]overlay.Peer, 10_000)
	for i := range peers {
		peers[i] = overlay.Peer{
			Address: netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), MAC: linkspan.MAC{2, 0, 0, 0, byte(i >> 8), byte(i)},
			Host: netip.AddrFrom4([4]byte{192, 0, 2, byte(i % 100)}),
		}
	}
	must(b, d.SetPeers(b.Context(), 42, peers))
	for i := 0; b.Loop(); i++ {
		if one := peers[:1]; i%2 == 0 {
			must(b, d.ChangePeers(b.Context(), 42, nil, one))
		} else {
			must(b, d.ChangePeers(b.Context(), 42, one, nil))
		}
	}
	must(b, d.Leave(b.Context(), n, e))
	must(b, d.DeleteNetwork(b.Context(), n))
}
