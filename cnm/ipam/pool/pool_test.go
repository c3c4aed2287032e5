// SPDX-License-Identifier: Apache-2.0

package pool_test

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/cnmtest"
	"github.com/linkspan/linkspan/cnm/ipam/pool"
)

func newIPAM() (*pool.IPAM, *cnmtest.Fabric) {
	fabric := &cnmtest.Fabric{Kill: new(cnmtest.Kill)}
	fabric.Put(cnmtest.Web())
	return pool.New(pool.Options{Fabric: fabric}), fabric
}

func webPool(t *testing.T, i *pool.IPAM) cnm.Pool {
	t.Helper()
	p, err := i.RequestPool(t.Context(), cnm.PoolRequest{Subnet: cnmtest.Web().Subnet})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEveryPoolIsNew(t *testing.T) {
	i, _ := newIPAM()
	seen := make(map[string]bool)
	for range 100 {
		p := webPool(t, i)
		if seen[p.ID] {
			t.Fatalf("%s came twice", p.ID)
		}
		seen[p.ID] = true
	}
}

// A chosen subnet is in the default range, free, and the lowest such.
func TestChosenSubnets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := pool.New(pool.Options{Bases: []pool.Base{{Prefix: netip.MustParsePrefix("10.208.0.0/20"), Bits: 24}}})
		var taken []netip.Prefix
		for range rapid.IntRange(0, 20).Draw(t, "taken") {
			a := netip.AddrFrom4([4]byte{10, 208, byte(rapid.IntRange(0, 17).Draw(t, "third")), byte(rapid.IntRange(0, 255).Draw(t, "fourth"))})
			taken = append(taken, netip.PrefixFrom(a, rapid.IntRange(19, 30).Draw(t, "bits")).Masked())
		}
		p, err := i.RequestPool(context.Background(), cnm.PoolRequest{Taken: taken})
		want, free := lowest(taken)
		switch {
		case !free && linkspan.CodeOf(err) != linkspan.Exhausted:
			t.Fatalf("got %s, %v, want exhausted", p.Subnet, err)
		case free && p.Subnet != want:
			t.Fatalf("got %s, %v, want %s", p.Subnet, err, want)
		}
	})
}

func lowest(taken []netip.Prefix) (netip.Prefix, bool) {
search:
	for third := range 16 {
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 208, byte(third), 0}), 24)
		for _, t := range taken {
			if t.Overlaps(p) {
				continue search
			}
		}
		return p, true
	}
	return netip.Prefix{}, false
}

func TestOwnAddresses(t *testing.T) {
	i, fabric := newIPAM()
	p := webPool(t, i)
	p.Gateway = netip.MustParseAddr("10.7.0.1")
	p.Range = netip.MustParsePrefix("10.7.0.128/25")
	for _, test := range []struct {
		kind cnm.AddressKind
		want string
		got  string // empty: refused
	}{
		{cnm.GatewayAddress, "", "10.7.0.1/24"},
		{cnm.GatewayAddress, "10.7.0.254", "10.7.0.254/24"},
		{cnm.GatewayAddress, "10.7.0.255", ""},
		{cnm.AuxiliaryAddress, "10.7.0.5", "10.7.0.5/24"}, // outside of the range, on purpose
		{cnm.AuxiliaryAddress, "10.7.0.1", ""},
		{cnm.AuxiliaryAddress, "10.8.0.1", ""},
		{cnm.AuxiliaryAddress, "", ""},
	} {
		req := cnm.AddressRequest{Pool: p, Kind: test.kind}
		if test.want != "" {
			req.Want = netip.MustParseAddr(test.want)
		}
		got, err := i.RequestAddress(t.Context(), req)
		if test.got == "" && err == nil || test.got != "" && (err != nil || got.String() != test.got) {
			t.Errorf("kind %d, %q: got %s, %v, want %q", test.kind, test.want, got, err, test.got)
		}
	}
	if held := fabric.Held(); len(held) > 0 {
		t.Errorf("the fabric has %v", held)
	}
}

// What the fabric gives, not knowing the pool's own addresses, is passed over.
func TestOwnAddressesAreNotLeased(t *testing.T) {
	i, fabric := newIPAM()
	p := webPool(t, i)
	for _, a := range []string{"10.7.0.2", "10.7.0.3"} {
		p.Reserved = append(p.Reserved, netip.MustParseAddr(a))
	}
	got, err := i.RequestAddress(t.Context(), cnm.AddressRequest{Pool: p, Fabric: 7})
	if err != nil || got.String() != "10.7.0.4/24" {
		t.Errorf("got %s, %v", got, err)
	}
	if held := fabric.Held(); len(held) != 1 {
		t.Errorf("the fabric has %v, want one", held)
	}
}

func TestANetworkWithAnotherSubnet(t *testing.T) {
	i, fabric := newIPAM()
	p := cnm.Pool{Subnet: netip.MustParsePrefix("10.8.0.0/24")}
	_, err := i.RequestAddress(t.Context(), cnm.AddressRequest{Pool: p, Fabric: 7})
	if linkspan.CodeOf(err) != linkspan.Conflict || len(fabric.Held()) > 0 {
		t.Errorf("got %v, and the fabric has %v", err, fabric.Held())
	}
}

func TestAnExhaustedPool(t *testing.T) {
	i, fabric := newIPAM()
	small := linkspan.Network{ID: 9, Name: "small", Subnet: netip.MustParsePrefix("10.9.0.0/30")}
	small.ApplyDefaults()
	fabric.Put(small)
	p := cnm.Pool{Subnet: small.Subnet, Reserved: []netip.Addr{netip.MustParseAddr("10.9.0.2")}}
	_, err := i.RequestAddress(t.Context(), cnm.AddressRequest{Pool: p, Fabric: 9})
	if linkspan.CodeOf(err) != linkspan.Exhausted {
		t.Errorf("got %v", err)
	}
	if held := fabric.Held(); len(held) != 0 {
		t.Errorf("the fabric has %v, want what was rejected given back", held)
	}
}

func TestARequestWaitsForTheController(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i, fabric := newIPAM()
		back := time.Now().Add(10 * time.Second)
		fabric.Fail = func(string) error {
			if time.Now().Before(back) {
				return &linkspan.Error{Code: linkspan.Unavailable, Message: "away"}
			}
			return nil
		}
		short, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		req := cnm.AddressRequest{Pool: webPool(t, i), Fabric: 7}
		if _, err := i.RequestAddress(short, req); linkspan.CodeOf(err) != linkspan.Unavailable {
			t.Errorf("got %v", err)
		}
		if _, err := i.RequestAddress(t.Context(), req); err != nil {
			t.Error(err)
		}
	})
}

// A release is not worth waiting for: it is repeated later.
func TestAReleaseIsNotHeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := pool.New(pool.Options{Fabric: stuck{}})
		begun := time.Now()
		lease := cnm.Lease{Fabric: 7, Address: netip.MustParsePrefix("10.7.0.2/24")}
		if err := i.ReleaseAddress(t.Context(), lease); err == nil || time.Since(begun) > 5*time.Second {
			t.Errorf("got %v after %s", err, time.Since(begun))
		}
	})
}

// stuck is a fabric that answers when its time is up.
type stuck struct{}

func (stuck) Reserve(ctx context.Context, _ linkspan.NetworkID, _ netip.Addr, _ string) (netip.Addr, error) {
	<-ctx.Done()
	return netip.Addr{}, ctx.Err()
}

func (stuck) Release(ctx context.Context, _ linkspan.NetworkID, _ netip.Addr) error {
	<-ctx.Done()
	return ctx.Err()
}
