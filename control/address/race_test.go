// SPDX-License-Identifier: Apache-2.0

package address_test

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/address"
	"github.com/linkspan/linkspan/store"
	"github.com/linkspan/linkspan/store/kv/memory"
)

// leases are what the racers hold; a lease that is given twice is a failure.
type leases struct {
	mu   sync.Mutex
	held map[netip.Addr]linkspan.ChassisID
	bad  []string
}

func (l *leases) take(a netip.Addr, by linkspan.ChassisID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, taken := l.held[a]; taken {
		l.bad = append(l.bad, a.String()+" is leased twice")
	}
	l.held[a] = by
}

func (l *leases) give(a netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, a)
}

// racer is a controller that leases and frees addresses for its chassis.
type racer struct {
	store     *store.Store
	addresses address.Allocator
	network   linkspan.NetworkID
	leases    *leases
}

// lease is what a controller does: propose until the store agrees.
func (r *racer) lease(ctx context.Context, by linkspan.ChassisID) (netip.Addr, error) {
	for {
		a, err := r.addresses.Propose(r.network)
		if err != nil {
			return a, err
		}
		err = r.store.Reserve(ctx, linkspan.Endpoint{Network: r.network, Address: a, Chassis: by})
		if linkspan.CodeOf(err) != linkspan.Exists || err == nil {
			return a, err
		}
	}
}

// run leases and frees as the script says: positive numbers lease, the others
// free the oldest.
func (r *racer) run(ctx context.Context, by linkspan.ChassisID, script []bool) error {
	var own []netip.Addr
	for _, lease := range script {
		switch {
		case lease:
			a, err := r.lease(ctx, by)
			if linkspan.CodeOf(err) == linkspan.Exhausted && err != nil {
				continue
			}
			if err != nil {
				return err
			}
			r.leases.take(a, by)
			own = append(own, a)
		case len(own) > 0:
			r.leases.give(own[0]) // before, so that the next holder is not taken for a second
			if err := r.store.Release(ctx, r.network, own[0], by); err != nil {
				return err
			}
			own = own[1:]
		}
	}
	return nil
}

// Two controllers with pictures of one store, each late in its own way, never
// lease an address twice, and in the end lease all there are.
func TestTwoControllersNeverLeaseTwice(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	rapid.Check(t, func(t *rapid.T) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		db := memory.New()
		defer db.Close() //nolint:errcheck // memory
		s := store.New(db)
		n, err := s.CreateNetwork(ctx, linkspan.Network{Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/28")})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"h1", "h2", "h3", "h4", "filler"} {
			if _, err := s.CreateChassis(ctx, linkspan.Chassis{Name: name}); err != nil {
				t.Fatal(err)
			}
		}
		script := rapid.SliceOfN(rapid.Bool(), 1, 24)
		held := &leases{held: make(map[netip.Addr]linkspan.ChassisID)}
		racers := []*racer{{store: s, network: n.ID, leases: held}, {store: s, network: n.ID, leases: held}}

		var following, racing sync.WaitGroup
		following.Add(len(racers))
		var ended sync.WaitGroup
		errs := make(chan error, 8)
		for i, r := range racers {
			var once sync.Once
			ended.Go(func() {
				err := s.Follow(ctx, func(all []store.Change, _ uint64) {
					r.addresses.Replace(all)
					once.Do(following.Done)
				}, func(changes []store.Change, _ uint64) { r.addresses.Apply(changes) })
				if !errors.Is(err, context.Canceled) {
					errs <- err
				}
			})
			for j := range 2 {
				steps := script.Draw(t, "steps")
				racing.Go(func() {
					following.Wait()
					if err := r.run(ctx, linkspan.ChassisID(1+2*i+j), steps); err != nil {
						errs <- err
					}
				})
			}
		}
		racing.Wait()
		fill(ctx, t, racers[0], held)
		cancel()
		ended.Wait()
		close(errs)
		for err := range errs {
			t.Fatal(err)
		}
		if len(held.bad) > 0 {
			t.Fatal(held.bad)
		}
	})
}

// fill leases what is left: the picture that one controller has, when it has
// caught up, misses no free address.
func fill(ctx context.Context, t *rapid.T, r *racer, held *leases) {
	const filler, hosts = 5, 13 // of a /28 without the network, the gateway and the broadcast
	for len(held.held) < hosts {
		a, err := r.lease(ctx, filler)
		if linkspan.CodeOf(err) == linkspan.Exhausted && err != nil && ctx.Err() == nil {
			time.Sleep(time.Millisecond) // what was freed last is not heard of yet
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		held.take(a, filler)
	}
}
