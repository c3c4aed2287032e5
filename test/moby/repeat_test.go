// SPDX-License-Identifier: Apache-2.0

package moby_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/v2/daemon/libnetwork/ipamapi"
	"github.com/sirupsen/logrus"

	"github.com/linkspan/linkspan/cnm/cnmtest"
)

// Whatever is asked twice is answered twice.
func TestRepeats(t *testing.T) {
	n := newNetwork(t)
	twice(t, "create network", n.create)
	first := n.endpoint(t, endpointID)
	again := &iface{v4: first.v4}
	if err := n.CreateEndpoint(t.Context(), networkID, endpointID, again, ports()); err != nil || again.mac.String() != first.mac.String() {
		t.Errorf("the endpoint again has MAC %s, not %s: %v", again.mac, first.mac, err)
	}
	if diff := cmp.Diff(n.join(t, endpointID), n.join(t, endpointID), cmp.AllowUnexported(sandbox{})); diff != "" {
		t.Errorf("joined again (-first +second):\n%s", diff)
	}
	n.left(1, 1, 1)
	twice(t, "leave", func() error { return n.Leave(networkID, endpointID) })
	twice(t, "delete endpoint", func() error { return n.DeleteEndpoint(networkID, endpointID) })
	if told, err := n.EndpointOperInfo(networkID, endpointID); err != nil || len(told) != 0 {
		t.Errorf("an endpoint that is gone tells %v, %v", told, err)
	}
	twice(t, "release address", func() error { return n.ipam.ReleaseAddress(n.pool, first.v4.IP) })
	twice(t, "release pool", func() error { return n.ipam.ReleasePool(n.pool) })
	twice(t, "delete network", func() error { return n.DeleteNetwork(networkID) })
	n.left(0, 0, 0)
}

func twice(t *testing.T, what string, do func() error) {
	t.Helper()
	for range 2 {
		if err := do(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Two networks of one subnet have two pools.
func TestOneSubnetTwice(t *testing.T) {
	n := newNetwork(t)
	other, err := n.ipam.RequestPool(ipamapi.PoolRequest{AddressSpace: space, Pool: "10.7.0.0/24"})
	if err != nil || other.PoolID == n.pool {
		t.Errorf("pool %+v, %v", other, err)
	}
}

// Containers come and go at the same time, through one proxy.
func TestManyAtOnce(t *testing.T) {
	n := newNetwork(t)
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			id := fmt.Sprintf("%064x", i+1)
			address, _, err := n.ipam.RequestAddress(n.pool, nil, nil)
			if err != nil {
				t.Errorf("address: %v", err)
				return
			}
			err = errors.Join(
				n.CreateEndpoint(t.Context(), networkID, id, &iface{v4: address}, ports()),
				n.Join(t.Context(), networkID, id, key, new(sandbox), nil, ports()),
				n.Leave(networkID, id), n.DeleteEndpoint(networkID, id), n.ipam.ReleaseAddress(n.pool, address.IP),
			)
			if err != nil {
				t.Errorf("container %d: %v", i, err)
			}
		})
	}
	group.Wait()
	n.left(1, 0, 0)
}

// What libnetwork cannot take, the proxies take back.
func TestTakenBack(t *testing.T) {
	n := newNetwork(t)
	i := n.endpoint(t, endpointID)
	n.heard()
	box := &sandbox{deaf: errors.New("no such name")}
	if err := n.Join(t.Context(), networkID, endpointID, key, box, nil, ports()); err == nil || !strings.Contains(err.Error(), "no such name") {
		t.Errorf("join: %v", err)
	}
	if diff := cmp.Diff([]string{"NetworkDriver.Join", "NetworkDriver.Leave"}, n.heard()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if err := n.DeleteEndpoint(networkID, endpointID); err != nil {
		t.Error(err)
	}
	err := n.CreateEndpoint(t.Context(), networkID, endpointID, &deaf{iface{v4: i.v4}}, nil)
	if err == nil || !strings.Contains(err.Error(), "not this one") {
		t.Errorf("create endpoint: %v", err)
	}
	n.left(1, 0, 1)
}

// deaf takes no MAC.
type deaf struct{ iface }

func (*deaf) SetMacAddress(net.HardwareAddr) error { return errors.New("not this one") }

// A plugin that comes back goes on: nothing is announced again, and calls
// made meanwhile are repeated by the proxies. The first of them has no body: it
// may meet the connection of before, which would take the body with it.
func TestRestart(t *testing.T) {
	n := newNetwork(t)
	n.endpoint(t, endpointID)
	first := n.join(t, endpointID)
	n.stop()
	n.heard()
	retries := awaitRetry(t)
	var group sync.WaitGroup
	group.Go(func() {
		if local, _, err := n.ipam.GetDefaultAddressSpaces(); err != nil || local != space {
			t.Errorf("address space %q, %v", local, err)
		}
	})
	<-retries
	group.Go(func() {
		if err := n.create(); err != nil {
			t.Errorf("create network again: %v", err)
		}
	})
	<-retries
	n.start()
	group.Wait()
	if err := n.c.Bind(t.Context(), networkID, cnmtest.Web()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, n.join(t, endpointID), cmp.AllowUnexported(sandbox{})); diff != "" {
		t.Errorf("joined again (-before +after):\n%s", diff)
	}
	want := []string{"IpamDriver.GetDefaultAddressSpaces", "NetworkDriver.CreateNetwork", "NetworkDriver.Join"}
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(n.heard()))); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

// retries hears of each call that Docker's client will repeat.
type retries chan string

var _ logrus.Hook = retries(nil)

func (retries) Levels() []logrus.Level { return []logrus.Level{logrus.WarnLevel} }

func (r retries) Fire(entry *logrus.Entry) error {
	if strings.Contains(entry.Message, "retrying in") {
		select {
		case r <- entry.Message:
		default: // nobody waits for that many
		}
	}
	return nil
}

// awaitRetry returns where the next call that is to be repeated is told.
func awaitRetry(t *testing.T) <-chan string {
	t.Helper()
	r := make(retries, 8)
	before := logrus.StandardLogger().ReplaceHooks(make(logrus.LevelHooks))
	t.Cleanup(func() { logrus.StandardLogger().ReplaceHooks(before) })
	logrus.AddHook(r)
	return r
}

// A connection that breaks before the answer makes Docker's client repeat the
// call, without its body. That must not count as a success of which we know
// nothing.
func TestBrokenConnection(t *testing.T) {
	p := preparePlugin(t)
	p.before = breakOnce("/NetworkDriver.CreateNetwork", "/IpamDriver.GetDefaultAddressSpaces")
	p.start()
	p.proxies = find(t, p.name)
	n := &network{plugin: p, options: options(nil)}
	requested, err := p.ipam.RequestPool(ipamapi.PoolRequest{AddressSpace: space, Pool: "10.7.0.0/24"})
	if err != nil {
		t.Fatalf("a call that has no body can be repeated: %v", err)
	}
	n.pool = requested.PoolID
	n.data = subnet("10.7.0.0/24", "10.7.0.1/24")
	if err := n.create(); err == nil || !strings.Contains(err.Error(), "NetworkDriver.CreateNetwork: request has an empty body") {
		t.Errorf("create network: %v", err)
	}
	n.left(0, 0, 0)
	if err := n.create(); err != nil {
		t.Errorf("create network once more: %v", err)
	}
	n.left(1, 0, 0)
}

// breakOnce breaks the first connection that asks for each of the paths.
func breakOnce(paths ...string) func(http.Handler) http.Handler {
	var mu sync.Mutex
	left := make(map[string]bool)
	for _, path := range paths {
		left[path] = true
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			breaks := left[r.URL.Path]
			left[r.URL.Path] = false
			mu.Unlock()
			if breaks {
				panic(http.ErrAbortHandler)
			}
			next.ServeHTTP(w, r)
		})
	}
}
