// SPDX-License-Identifier: Apache-2.0

package pool_test

import (
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/ipam/pool"
)

// clock is set by hand.
type clock struct{ now time.Time }

func alone(c *clock) *pool.IPAM {
	c.now = time.Unix(1000, 0)
	return pool.New(pool.Options{Now: func() time.Time { return c.now }})
}

func aloneIn(t *testing.T, i *pool.IPAM, subnet, within string) cnm.Pool {
	t.Helper()
	req := cnm.PoolRequest{Subnet: netip.MustParsePrefix(subnet)}
	req.IPv6 = req.Subnet.Addr().Is6()
	if within != "" {
		req.Range = netip.MustParsePrefix(within)
	}
	p, err := i.RequestPool(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	g, err := i.RequestAddress(t.Context(), cnm.AddressRequest{Pool: p, Kind: cnm.GatewayAddress})
	if err != nil {
		t.Fatal(err)
	}
	p.Gateway = g.Addr()
	return p
}

func take(t *testing.T, i *pool.IPAM, p cnm.Pool, want string) (string, error) {
	t.Helper()
	req := cnm.AddressRequest{Pool: p}
	if want != "" {
		req.Want = netip.MustParseAddr(want)
	}
	a, err := i.RequestAddress(t.Context(), req)
	return a.String(), err
}

func release(t *testing.T, i *pool.IPAM, p cnm.Pool, address string) {
	t.Helper()
	if err := i.ReleaseAddress(t.Context(), cnm.Lease{Pool: p.ID, Address: netip.MustParsePrefix(address)}); err != nil {
		t.Fatal(err)
	}
}

func TestAloneAddressesGoUp(t *testing.T) {
	for _, test := range []struct {
		subnet, within string
		reserved       []string
		want           []string
	}{
		{"10.7.0.0/24", "", nil, []string{"10.7.0.2/24", "10.7.0.3/24"}},
		{"10.7.0.0/24", "", []string{"10.7.0.2"}, []string{"10.7.0.3/24", "10.7.0.4/24"}},
		{"10.7.0.0/24", "10.7.0.128/25", nil, []string{"10.7.0.128/24", "10.7.0.129/24"}},
		{"fd00:7::/64", "", nil, []string{"fd00:7::2/64", "fd00:7::3/64"}},
		{"fd00:7::/64", "fd00:7::1:0/112", nil, []string{"fd00:7::1:0/64", "fd00:7::1:1/64"}},
	} {
		i := alone(new(clock))
		p := aloneIn(t, i, test.subnet, test.within)
		for _, r := range test.reserved {
			p.Reserved = append(p.Reserved, netip.MustParseAddr(r))
		}
		for _, want := range test.want {
			if got, err := take(t, i, p, ""); err != nil || got != want {
				t.Errorf("%s %s: got %s, %v, want %s", test.subnet, test.within, got, err, want)
			}
		}
	}
}

func TestAloneAddressAsked(t *testing.T) {
	i := alone(new(clock))
	p := aloneIn(t, i, "10.7.0.0/24", "10.7.0.128/25")
	if got, err := take(t, i, p, "10.7.0.9"); err != nil || got != "10.7.0.9/24" {
		t.Errorf("outside of the range: got %s, %v", got, err)
	}
	release(t, i, p, "10.7.0.9/24")
	if got, err := take(t, i, p, ""); err != nil || got != "10.7.0.128/24" {
		t.Errorf("inside of the range: got %s, %v", got, err)
	}
	for want, code := range map[string]linkspan.Code{
		"10.7.0.128": linkspan.Exists, "10.7.0.1": linkspan.Exists, "10.8.0.1": linkspan.Invalid, "10.7.0.255": linkspan.Invalid,
	} {
		if _, err := take(t, i, p, want); linkspan.CodeOf(err) != code {
			t.Errorf("%s: got %v, want %s", want, err, code)
		}
	}
}

func TestAloneExhaustion(t *testing.T) {
	i := alone(new(clock))
	p := aloneIn(t, i, "10.7.0.0/29", "")
	for range 5 {
		if _, err := take(t, i, p, ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := take(t, i, p, ""); linkspan.CodeOf(err) != linkspan.Exhausted {
		t.Errorf("got %v", err)
	}
	release(t, i, p, "10.7.0.4/29")
	if got, err := take(t, i, p, ""); err != nil || got != "10.7.0.4/29" {
		t.Errorf("the only free one, in quarantine: got %s, %v", got, err)
	}
}

func TestAReleasedAddressRests(t *testing.T) {
	var c clock
	i := alone(&c)
	p := aloneIn(t, i, "10.7.0.0/24", "")
	for range 2 {
		if _, err := take(t, i, p, ""); err != nil {
			t.Fatal(err)
		}
	}
	release(t, i, p, "10.7.0.2/24")
	if got, _ := take(t, i, p, ""); got != "10.7.0.4/24" {
		t.Errorf("at once: got %s", got)
	}
	c.now = c.now.Add(pool.Quarantine + time.Second)
	if got, _ := take(t, i, p, ""); got != "10.7.0.2/24" {
		t.Errorf("after its rest: got %s", got)
	}
	release(t, i, p, "10.7.0.2/24")
	if got, err := take(t, i, p, "10.7.0.2"); err != nil {
		t.Errorf("asked for: got %s, %v", got, err)
	}
}

func TestALeaseOutlivesTheProcess(t *testing.T) {
	i := alone(new(clock))
	p := aloneIn(t, i, "10.7.0.0/24", "")
	if err := i.Restore([]cnm.Pool{p}, []cnm.Lease{{Pool: p.ID, Address: netip.MustParsePrefix("10.7.0.2/24")}}); err != nil {
		t.Fatal(err)
	}
	if got, _ := take(t, i, p, ""); got != "10.7.0.3/24" {
		t.Errorf("got %s", got)
	}
}

func TestAlonePoolsDoNotOverlap(t *testing.T) {
	i := alone(new(clock))
	taken := []netip.Prefix{netip.MustParsePrefix("10.7.0.0/16")}
	_, err := i.RequestPool(t.Context(), cnm.PoolRequest{Subnet: netip.MustParsePrefix("10.7.9.0/24"), Taken: taken})
	if linkspan.CodeOf(err) != linkspan.Conflict {
		t.Errorf("got %v", err)
	}
	p, err := i.RequestPool(t.Context(), cnm.PoolRequest{IPv6: true})
	if err != nil || p.Subnet.Bits() != 64 || p.Subnet.Addr().As16()[0] != 0xfd {
		t.Errorf("got %s, %v, want a unique local /64", p.Subnet, err)
	}
}

// No address is given twice, and as many as the pool has.
func TestAloneAgainstAModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var c clock
		i := alone(&c)
		p := aloneIn(t, i, "10.7.0.0/28", "")
		used := make(map[string]bool)
		for range rapid.IntRange(1, 60).Draw(r, "steps") {
			c.now = c.now.Add(time.Duration(rapid.IntRange(0, 40).Draw(r, "seconds")) * time.Second)
			if rapid.Bool().Draw(r, "release") && len(used) > 0 {
				some := rapid.SampledFrom(slices.Sorted(maps.Keys(used))).Draw(r, "which")
				release(t, i, p, some)
				delete(used, some)
				continue
			}
			got, err := take(t, i, p, "")
			if err != nil && len(used) < 13 || err == nil && used[got] {
				r.Fatalf("got %s, %v, with %d used", got, err, len(used))
			}
			if err == nil {
				used[got] = true
			}
		}
	})
}
