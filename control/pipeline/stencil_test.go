// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
)

// TestStencilIsWhatEncodingGives compares the filled stencil with the encoder,
// for legs of every kind.
func TestStencilIsWhatEncodingGives(t *testing.T) {
	stencil := NewStencil()
	rapid.Check(t, func(t *rapid.T) {
		chassis := rapid.Map(rapid.Uint16Min(1), func(n uint16) linkspan.ChassisID { return linkspan.ChassisID(n) })
		size := rapid.SampledFrom([]int{4, 16}).Draw(t, "bytes of an address")
		from, to := anyEndpoint(t, chassis, size), anyEndpoint(t, chassis, size)
		if rapid.Bool().Draw(t, "one chassis") {
			to.Chassis = from.Chassis
		}
		on := rapid.SampledFrom([]linkspan.ChassisID{from.Chassis, to.Chassis}).Draw(t, "on")
		n := anyNetwork(t)
		m := n
		if rapid.Bool().Draw(t, "two networks") {
			m = anyNetwork(t)
		}
		xid, round := rapid.Uint32().Draw(t, "xid"), Round(rapid.Uint16().Draw(t, "round"))
		by := rapid.SampledFrom([]linkspan.Transport{linkspan.Tunnel, linkspan.Direct}).Draw(t, "by")
		there, back := Leg{n, m, from, to, by, on, netip.Prefix{}, 7, 0}, Leg{m, n, to, from, by, on, netip.Prefix{}, 0, 7}
		want := there.append([]byte("before"), xid, there.cookie(KindRoute, round).By(there.Policy))
		want = back.append(want, xid, back.cookie(KindRoute, round).By(back.Policy))
		if got := stencil.AppendRoute([]byte("before"), xid, round, there); !bytes.Equal(got, want) {
			t.Fatalf("got\n%x\nwant\n%x", got, want)
		}
	})
}

func anyNetwork(t *rapid.T) *linkspan.Network {
	return &linkspan.Network{
		ID:   linkspan.NetworkID(rapid.Uint32Range(1, uint32(linkspan.MaxNetworkID)).Draw(t, "network")),
		Idle: time.Duration(rapid.IntRange(1, 65535).Draw(t, "idle")) * time.Second,
	}
}

func anyEndpoint(t *rapid.T, chassis *rapid.Generator[linkspan.ChassisID], size int) *linkspan.Endpoint {
	address, _ := netip.AddrFromSlice(rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "address"))
	e := &linkspan.Endpoint{
		Address: address,
		Chassis: chassis.Draw(t, "chassis"), Port: rapid.Uint32Range(1, linkspan.MaxPort).Draw(t, "port"),
	}
	copy(e.MAC[:], rapid.SliceOfN(rapid.Byte(), 6, 6).Draw(t, "mac"))
	return e
}
