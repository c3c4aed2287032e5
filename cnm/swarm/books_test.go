// SPDX-License-Identifier: Apache-2.0

package swarm_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	realfabric "github.com/linkspan/linkspan/cnm/fabric"
	"github.com/linkspan/linkspan/cnm/swarm"
	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// mark is the label by which the fabric of these tests knows a swarm's network.
const mark = "swarm"

var _ swarm.Fabric = (*realfabric.Fabric)(nil)

// fabric has networks, of which those that are busy cannot be removed.
type fabric struct {
	mu       sync.Mutex
	networks map[linkspan.NetworkID]linkspan.Network
	busy     map[linkspan.NetworkID]bool
	lives    map[string]bool // in the swarm, as its manager's dockerd knows
	removals int
	changed  chan struct{}
}

func newFabric() *fabric {
	return &fabric{
		networks: make(map[linkspan.NetworkID]linkspan.Network), busy: make(map[linkspan.NetworkID]bool), lives: make(map[string]bool),
		changed: make(chan struct{}, 1),
	}
}

func (f *fabric) add(id linkspan.NetworkID, swarm string) {
	f.mu.Lock()
	f.networks[id] = linkspan.Network{ID: id, Name: fmt.Sprint("net", id), Labels: map[string]string{mark: swarm}}
	f.mu.Unlock()
	f.changed <- struct{}{}
}

func (f *fabric) Ready() (connected bool, since time.Time)        { return true, time.Time{} }
func (f *fabric) Changed() (changed <-chan struct{}, stop func()) { return f.changed, func() {} }

func (f *fabric) Networks() []linkspan.Network {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Collect(maps.Values(f.networks))
}

// has says which networks there are.
func (f *fabric) has() (ids []linkspan.NetworkID) {
	for _, n := range f.Networks() {
		ids = append(ids, n.ID)
	}
	return slices.Sorted(slices.Values(ids))
}

// tried says how often a removal was.
func (f *fabric) tried() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.removals
}

// hold says whether a network has endpoints.
func (f *fabric) hold(id linkspan.NetworkID, busy bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.busy[id] = busy
}

func (f *fabric) Remove(_ context.Context, id linkspan.NetworkID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.removals++
	if f.busy[id] {
		select {
		case f.changed <- struct{}{}: // it was marked, and is not any more
		default:
		}
		return &linkspan.Error{Code: linkspan.InUse, Message: "it has endpoints"}
	}
	delete(f.networks, id)
	return nil
}

func open(t require, store kv.Store, f *fabric) *swarm.Books {
	t.Helper()
	b, err := swarm.New(context.Background(), swarm.Config{
		Store: store, Fabric: f, Log: slog.New(slog.DiscardHandler),
		Of: func(n linkspan.Network) string { return n.Labels[mark] },
		Lives: func(_ context.Context, id string) (bool, error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			return f.lives[id], nil
		},
		Check: func(n cnm.Network) error {
			if _, wrong := n.Options["wrong"]; wrong {
				return &linkspan.Error{Code: linkspan.Invalid, Message: "unknown option wrong"}
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// require is what a test and a property have in common.
type require interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

func pool(t require, b *swarm.Books, subnet string) cnm.Pool {
	t.Helper()
	req := cnm.PoolRequest{}
	if subnet != "" {
		req.Subnet = netip.MustParsePrefix(subnet)
	}
	p, err := b.RequestPool(context.Background(), req)
	if err != nil {
		t.Fatal(err)
	}
	if !b.Has(p.ID) {
		t.Fatalf("%s is not one of the books'", p.ID)
	}
	return p
}

// address asks for one, of which want may be empty; the answer may be an error's
// code.
func address(b *swarm.Books, pool, want string, gateway bool) string {
	wish := cnm.AddressWish{Pool: pool, Gateway: gateway}
	if want != "" {
		wish.Want = netip.MustParseAddr(want)
	}
	got, err := b.RequestAddress(context.Background(), wish)
	if err != nil {
		return linkspan.CodeOf(err).String()
	}
	return got.String()
}

func allocate(t require, b *swarm.Books, id, subnet string) {
	t.Helper()
	if err := b.Allocate(context.Background(), cnm.Network{ID: id, Subnet: netip.MustParsePrefix(subnet)}); err != nil {
		t.Fatal(err)
	}
}

func TestAManagerAsks(t *testing.T) {
	b := open(t, memory.New(), newFabric())
	p := pool(t, b, "10.7.0.0/29")
	got := []string{address(b, p.ID, "", true)}
	allocate(t, b, "s1", "10.7.0.0/29")
	for _, want := range []string{"", "", "10.7.0.5", "10.7.0.5", "10.7.0.1", "10.9.0.1", "", "", ""} {
		got = append(got, address(b, p.ID, want, false))
	}
	if err := b.ReleaseAddress(context.Background(), p.ID, netip.MustParseAddr("10.7.0.5")); err != nil {
		t.Error(err)
	}
	got = append(got, address(b, p.ID, "", false), address(b, "swarm-none", "", false))
	want := []string{
		"10.7.0.1/29", "10.7.0.2/29", "10.7.0.3/29", "10.7.0.5/29", "exists", "exists", "invalid",
		"10.7.0.4/29", "10.7.0.6/29", "exhausted", "10.7.0.5/29", "not_found",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

// A manager that takes over asks for all of it anew, with what the one before it
// was given; so does one that starts again, where the books have it already.
func TestAManagerTakesOver(t *testing.T) {
	store := memory.New()
	b := open(t, store, newFabric())
	first := pool(t, b, "10.7.0.0/24")
	address(b, first.ID, "", true)
	allocate(t, b, "s1", "10.7.0.0/24")
	if got := address(b, first.ID, "", false); got != "10.7.0.2/24" {
		t.Fatal(got)
	}
	b = open(t, store, newFabric()) // what is in the books is still there
	if got := address(b, first.ID, "10.7.0.2", false); got != "exists" {
		t.Errorf("an address was promised twice: %s", got)
	}
	second := pool(t, b, "10.7.0.0/24")
	if got := address(b, second.ID, "10.7.0.1", true); got != "10.7.0.1/24" {
		t.Error(got)
	}
	allocate(t, b, "s1", "10.7.0.0/24")
	if got := address(b, second.ID, "10.7.0.2", false); got != "10.7.0.2/24" {
		t.Errorf("what was promised before is not: %s", got)
	}
	if got := address(b, first.ID, "", false); got != "not_found" {
		t.Errorf("the old pool is still there: %s", got)
	}
	wantKeys(t, store, 2) // a pool, an address
}

func wantKeys(t *testing.T, store kv.Store, n int) {
	t.Helper()
	entries, _, err := store.List(context.Background(), "swarm/")
	if err != nil || len(entries) != n {
		t.Errorf("the store has %d records, not %d (%v)", len(entries), n, err)
	}
}

func TestSubnetsAreChosenApart(t *testing.T) {
	b := open(t, memory.New(), newFabric())
	if a, b := pool(t, b, ""), pool(t, b, ""); a.Subnet.Overlaps(b.Subnet) {
		t.Errorf("%s and %s overlap", a.Subnet, b.Subnet)
	}
	_, err := b.RequestPool(context.Background(), cnm.PoolRequest{IPv6: true})
	if linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("IPv6: %v", err)
	}
}

func TestWhatIsRefused(t *testing.T) {
	b := open(t, memory.New(), newFabric())
	pool(t, b, "10.7.0.0/24")
	subnet := netip.MustParsePrefix("10.7.0.0/24")
	err := b.Allocate(context.Background(), cnm.Network{ID: "s1", Subnet: subnet, Options: map[string]string{"wrong": "1"}})
	if linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("an option that is unknown: %v", err)
	}
	err = b.Allocate(context.Background(), cnm.Network{ID: "s1", Subnet: netip.MustParsePrefix("10.8.0.0/24")})
	if linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("a subnet that nobody asked for: %v", err)
	}
}

// What was never told of is forgotten, and a freed network leaves the fabric when
// it can.
func TestTheBooksAreTidied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, f := memory.New(), newFabric()
		f.add(1, "s1")
		f.add2(2, "s2")
		f.hold(1, true)
		f.lives["s2"] = true
		b := open(t, store, f)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- b.Run(ctx) }()

		pool(t, b, "10.9.0.0/24") // and nothing more
		p := pool(t, b, "10.7.0.0/24")
		allocate(t, b, "s1", "10.7.0.0/24")
		address(b, p.ID, "", false)
		if err := b.Free(ctx, "s1"); err != nil {
			t.Error(err)
		}
		time.Sleep(swarm.Interval)
		if n := f.tried(); n == 0 || n > 10 {
			t.Errorf("its removal was tried %d times in half a minute", n)
		}
		time.Sleep(swarm.Claim)
		wantKeys(t, store, 1) // the farewell
		wantHas(t, f, 1, 2)
		f.hold(1, false)
		time.Sleep(swarm.Interval)
		wantHas(t, f, 2)
		f.add(3, "s1") // by a host that was slow
		synctest.Wait()
		wantHas(t, f, 2)
		if err := b.Free(ctx, "s2"); err != nil { // by mistake
			t.Error(err)
		}
		synctest.Wait()
		wantHas(t, f, 2)
		time.Sleep(swarm.Farewell + swarm.Interval)
		wantKeys(t, store, 0)
		cancel()
		<-done
	})
}

func wantHas(t *testing.T, f *fabric, ids ...linkspan.NetworkID) {
	t.Helper()
	if got := f.has(); !slices.Equal(got, ids) {
		t.Errorf("the fabric has %v, not %v", got, ids)
	}
}

// add2 is add before anybody listens.
func (f *fabric) add2(id linkspan.NetworkID, swarm string) {
	<-f.changed
	f.add(id, swarm)
}

// No address is promised twice, whatever happens in between: a restart changes
// nothing, and a manager that takes over gets all that was promised before.
func TestPromisesAreUnique(t *testing.T) {
	const room = 13 // of 16 less the network's, the gateway's, the last
	rapid.Check(t, func(t *rapid.T) {
		store := memory.New()
		b := open(t, store, newFabric())
		var p cnm.Pool
		takeOver := func(held map[string]bool) {
			p = pool(t, b, "10.7.0.0/28")
			address(b, p.ID, "10.7.0.1", true)
			allocate(t, b, "s1", "10.7.0.0/28")
			for a := range held {
				if got := address(b, p.ID, strings.TrimSuffix(a, "/28"), false); got != a {
					t.Fatalf("%s was promised before, and now it is %s", a, got)
				}
			}
		}
		held := make(map[string]bool)
		takeOver(held)
		got := func(t *rapid.T, a string) {
			if !strings.HasPrefix(a, "10.7.0.") || held[a] {
				t.Fatalf("%s, while %v are held", a, held)
			}
			held[a] = true
		}
		t.Repeat(map[string]func(*rapid.T){
			"any": func(t *rapid.T) {
				a := address(b, p.ID, "", false)
				if full := len(held) == room; full != (a == "exhausted") {
					t.Fatalf("%s, while %d are held", a, len(held))
				} else if !full {
					got(t, a)
				}
			},
			"wanted": func(t *rapid.T) {
				want := fmt.Sprintf("10.7.0.%d", rapid.IntRange(2, 14).Draw(t, "last byte"))
				a := address(b, p.ID, want, false)
				if taken := held[want+"/28"]; taken != (a == "exists") {
					t.Fatalf("%s is %s, while %v are held", want, a, held)
				} else if !taken {
					got(t, a)
				}
			},
			"release": func(t *rapid.T) {
				for a := range held {
					delete(held, a)
					if err := b.ReleaseAddress(context.Background(), p.ID, netip.MustParsePrefix(a).Addr()); err != nil {
						t.Fatal(err)
					}
					return
				}
			},
			"restart":   func(t *rapid.T) { b = open(t, store, newFabric()) },
			"take over": func(*rapid.T) { takeOver(held) },
		})
	})
}
