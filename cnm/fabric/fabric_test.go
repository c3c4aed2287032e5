// SPDX-License-Identifier: Apache-2.0

package fabric_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cnm/fabric"
	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const deadline = 20 * time.Second

// host is a chassis under test.
type host struct {
	*fabric.Fabric
	peers *peers
	stop  func()
}

func newHost(t *testing.T, c *controller, store kv.Store, change ...func(*fabric.Config)) *host {
	t.Helper()
	client := c.client(t)
	p := &peers{have: make(map[linkspan.MAC]netip.Addr)}
	cfg := fabric.Config{
		Chassis: 1, Client: client.Chassis, Networks: client.Networks, Peers: p, Store: store,
		Version: "test", Underlay: netip.MustParseAddr("192.0.2.1"), MTU: 1500,
		Log: slog.New(slog.DiscardHandler), Grace: time.Nanosecond, Attempt: time.Second,
	}
	for _, f := range change {
		f(&cfg)
	}
	f, err := fabric.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	h := &host{Fabric: f, peers: p, stop: sync.OnceFunc(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	})}
	t.Cleanup(h.stop)
	return h
}

func localStore(t *testing.T) kv.Store {
	t.Helper()
	s := memory.New()
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("did not happen: %s", what)
		}
	}
}

func (h *host) connected() bool {
	on, _ := h.Ready()
	return on
}

func (h *host) names() string {
	var names []string
	for _, n := range h.Networks() {
		names = append(names, n.Name)
	}
	return fmt.Sprint(names)
}

func network(id uint32, name, subnet string) *apiv1.Network {
	n := linkspan.Network{ID: linkspan.NetworkID(id), Name: name, Subnet: netip.MustParsePrefix(subnet)}
	n.ApplyDefaults()
	return api.NetworkToProto(&n)
}

func TestSnapshotThenChanges(t *testing.T) {
	c := newController(t)
	c.snapshot.Networks = []*apiv1.Network{network(1, "web", "10.7.0.0/24"), network(2, "db", "10.8.0.0/24")}
	h := newHost(t, c, localStore(t))
	eventually(t, "the snapshot", func() bool { return h.names() == "[web db]" && h.connected() })

	c.say(&apiv1.ChassisServiceFollowResponse{
		Sequence: 2, Networks: []*apiv1.Network{network(3, "log", "10.9.0.0/24")}, NetworksRemoved: []uint32{1},
	})
	eventually(t, "the change", func() bool { return h.names() == "[db log]" })
}

func TestNetworksAreKnownWithoutController(t *testing.T) {
	c := newController(t)
	c.snapshot.Networks = []*apiv1.Network{network(1, "web", "10.7.0.0/24"), network(2, "db", "10.8.0.0/24")}
	store := localStore(t)
	h := newHost(t, c, store)
	eventually(t, "the snapshot", func() bool { return h.names() == "[web db]" })
	c.say(&apiv1.ChassisServiceFollowResponse{Sequence: 2, NetworksRemoved: []uint32{2}})
	eventually(t, "the change and its acknowledgement", func() bool { return len(c.acknowledged()) > 0 && h.names() == "[web]" })
	h.stop()
	c.stop()

	again := newHost(t, c, store)
	if got := again.names(); got != "[web]" {
		t.Errorf("after a reboot without a controller the networks are %s", got)
	}
	if again.connected() {
		t.Error("it says to be connected")
	}
}

func (c *controller) acknowledged() []uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.acks)
}

func TestAcknowledgesOnlyAfterPeersAreSet(t *testing.T) {
	c := newController(t)
	h2 := &apiv1.Peer{Chassis: 2, Name: "h2", Underlay: "192.0.2.2"}
	h3 := &apiv1.Peer{Chassis: 3, Name: "h3", Underlay: "192.0.2.3"}
	c.snapshot.Peers = []*apiv1.Peer{h2, {Chassis: 4, Name: "h4", Underlay: "2001:db8::4"}}
	h := newHost(t, c, localStore(t), func(cfg *fabric.Config) {
		cfg.Peers.(*peers).fault = errors.New("the tunnel is not ready")
	})
	eventually(t, "tries to set peers", func() bool {
		h.peers.mu.Lock()
		defer h.peers.mu.Unlock()
		return len(h.peers.told) > 2
	})
	if acks := c.acknowledged(); len(acks) != 0 {
		t.Fatalf("acknowledged %v without peers", acks)
	}
	h.peers.mu.Lock()
	h.peers.fault = nil
	h.peers.mu.Unlock()
	eventually(t, "the first acknowledgement", func() bool { return slices.Contains(c.acknowledged(), 1) })

	want := []string{"192.0.2.2 0e:00:00:00:00:02", "192.0.2.3 0e:00:00:00:00:03"}
	c.mu.Lock()
	c.inspect = func(call string) {
		if got := h.peers.addresses(); call == "acknowledge" && !cmp.Equal(got, want) {
			t.Errorf("acknowledged while the peers were %v", got)
		}
	}
	c.mu.Unlock()
	c.say(&apiv1.ChassisServiceFollowResponse{Sequence: 2, Peers: []*apiv1.Peer{h3}})
	eventually(t, "the second acknowledgement", func() bool { return slices.Contains(c.acknowledged(), 2) })

	want = want[1:]
	c.say(&apiv1.ChassisServiceFollowResponse{Sequence: 3, PeersRemoved: []uint32{2}})
	eventually(t, "the third acknowledgement", func() bool { return slices.Contains(c.acknowledged(), 3) })
	if !slices.IsSorted(c.acknowledged()) {
		t.Errorf("acknowledgements went back: %v", c.acknowledged())
	}
}

func TestStreamMustBeginWithASnapshot(t *testing.T) {
	c := newController(t)
	c.mu.Lock()
	c.headless = true
	c.snapshot.Networks = []*apiv1.Network{network(1, "web", "10.7.0.0/24")}
	c.mu.Unlock()
	h := newHost(t, c, localStore(t))
	eventually(t, "another try", func() bool { return c.followed() > 1 })
	if h.connected() || h.names() != "[]" {
		t.Errorf("took %s from half a stream", h.names())
	}
}

func TestNetworkThatCannotBeReadIsNotGone(t *testing.T) {
	c := newController(t)
	c.snapshot.Networks = []*apiv1.Network{network(1, "web", "10.7.0.0/24"), network(2, "db", "10.8.0.0/24")}
	h := newHost(t, c, localStore(t))
	eventually(t, "the snapshot", h.connected)
	odd := network(1, "web", "10.7.0.0/24")
	odd.Subnet = "not of this version"
	c.mu.Lock()
	c.snapshot.Networks = []*apiv1.Network{odd}
	c.mu.Unlock()
	c.breakStream()
	eventually(t, "the next snapshot", func() bool { return h.names() == "[web]" })
}

func TestWriteThatFailedIsMadeUp(t *testing.T) {
	c := newController(t)
	c.snapshot.Networks = []*apiv1.Network{network(1, "web", "10.7.0.0/24")}
	store := &brokenStore{Store: localStore(t)}
	store.broken.Store(true)
	h := newHost(t, c, store)
	eventually(t, "the snapshot", func() bool { return h.names() == "[web]" })
	store.broken.Store(false)
	c.say(&apiv1.ChassisServiceFollowResponse{Sequence: 2, Networks: []*apiv1.Network{network(2, "db", "10.8.0.0/24")}})
	eventually(t, "both networks in the store", func() bool {
		entries, _, err := store.List(t.Context(), "fabric/")
		return err == nil && len(entries) == 2
	})
}

// brokenStore is a store whose disk may be full.
type brokenStore struct {
	kv.Store
	broken atomic.Bool
}

func (s *brokenStore) Txn(ctx context.Context, txn kv.Txn) (uint64, error) {
	if s.broken.Load() {
		return 0, kv.ErrFull
	}
	return s.Store.Txn(ctx, txn)
}

func TestReconnects(t *testing.T) {
	c := newController(t)
	c.snapshot.Networks = []*apiv1.Network{network(1, "web", "10.7.0.0/24")}
	h := newHost(t, c, localStore(t))
	eventually(t, "the snapshot", h.connected)
	for i := range 3 {
		name := fmt.Sprintf("net%d", i)
		c.mu.Lock()
		c.snapshot.Networks = []*apiv1.Network{network(uint32(i+2), name, "10.8.0.0/24")}
		c.mu.Unlock()
		c.breakStream()
		eventually(t, "the next snapshot", func() bool { return h.names() == "["+name+"]" && h.connected() })
	}
	c.stop()
	eventually(t, "the loss of the controller", func() bool { return !h.connected() })
	if h.names() != "[net2]" {
		t.Errorf("without a controller the networks are %s", h.names())
	}
	c.start(t)
	eventually(t, "the controller's return", h.connected)
}

func TestCallsWaitForTheController(t *testing.T) {
	c := newController(t)
	h := newHost(t, c, localStore(t))
	eventually(t, "the snapshot", h.connected)
	c.stop()
	h.Report(linkspan.Event{Kind: linkspan.NetworkRestored, Subject: "web", Message: "told late"})
	got := make(chan netip.Addr, 1)
	go func() {
		a, err := h.Reserve(t.Context(), 1, netip.Addr{}, "web1")
		if err != nil {
			t.Error(err)
		}
		got <- a
	}()
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := h.Reserve(short, 1, netip.Addr{}, ""); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Errorf("a call that waited too long ended with %v", err)
	}
	c.start(t)
	if a := <-got; a.String() != "10.7.0.2" {
		t.Errorf("reserved %s", a)
	}
	eventually(t, "the report", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return cmp.Equal(c.reports, []string{"told late"})
	})
}

func TestRefusalIsNotRepeated(t *testing.T) {
	c := newController(t)
	calls := 0
	c.fault = func(call string) error {
		if call != "reserve" {
			return nil
		}
		calls++
		return api.ToRPC(&linkspan.Error{Code: linkspan.Exhausted, Message: "pool is used up", Hint: "make a larger one"})
	}
	h := newHost(t, c, localStore(t))
	_, err := h.Reserve(t.Context(), 1, netip.Addr{}, "")
	if linkspan.CodeOf(err) != linkspan.Exhausted || linkspan.HintOf(err) != "make a larger one" || calls != 1 {
		t.Errorf("after %d calls: %v", calls, err)
	}
}

func TestLostAnswerOfExplicitReservation(t *testing.T) {
	c := newController(t)
	h := newHost(t, c, localStore(t))
	eventually(t, "the snapshot", h.connected)
	var once sync.Once
	c.mu.Lock()
	c.after = func(call string) (err error) {
		once.Do(func() { err = connect.NewError(connect.CodeUnavailable, errors.New("cut off")) })
		return err
	}
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	want := netip.MustParseAddr("10.7.0.77")
	if got, err := h.Reserve(ctx, 1, want, ""); err != nil || got != want {
		t.Errorf("reserved %s: %v", got, err)
	}
	if _, err := h.Reserve(ctx, 1, want, ""); linkspan.CodeOf(err) != linkspan.Exists {
		t.Errorf("the second of two reservations ended with %v", err)
	}
}

// What an attachment became whose answer was lost, and which is not repeated, is
// known soon: its port may be taken.
func TestLostAnswerOfAttach(t *testing.T) {
	c := newController(t)
	h := newHost(t, c, localStore(t))
	eventually(t, "the snapshot", h.connected)
	e := linkspan.Endpoint{Network: 1, Address: netip.MustParseAddr("10.7.0.77"), ID: "e77", MAC: linkspan.MAC{2, 7}, Port: 107}
	if _, err := h.Reserve(t.Context(), 1, e.Address, ""); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.mu.Lock()
	c.after = func(call string) error {
		if call == "attach" {
			cancel()
			<-ctx.Done()
			return connect.NewError(connect.CodeUnavailable, errors.New("cut off"))
		}
		return nil
	}
	c.mu.Unlock()
	if err := h.Attach(ctx, e); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Errorf("attach ended with %v", err)
	}
	eventually(t, "the port of what was attached is known", func() bool {
		all := h.Endpoints()
		return len(all) == 1 && all[0].Port == e.Port
	})
}

func TestPropose(t *testing.T) {
	c := newController(t)
	h := newHost(t, c, localStore(t))
	eventually(t, "the snapshot", h.connected)
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	n := linkspan.Network{Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24")}
	n.ApplyDefaults()

	made, adopted, err := h.Propose(ctx, n)
	if err != nil || adopted || made.ID != 1 {
		t.Fatalf("new: %+v, adopted %v: %v", made, adopted, err)
	}
	if _, ok := h.Network(made.ID); !ok {
		t.Error("a proposed network is not among the fabric's")
	}
	if same, adopted, err := h.Propose(ctx, n); err != nil || !adopted || same.ID != 1 {
		t.Errorf("same: %+v, adopted %v: %v", same, adopted, err)
	}
	n.Subnet, n.Gateway = netip.MustParsePrefix("10.8.0.0/24"), netip.Addr{}
	n.ApplyDefaults()
	if _, _, err := h.Propose(ctx, n); linkspan.CodeOf(err) != linkspan.Exists {
		t.Errorf("another subnet under the same name: %v", err)
	}
}

func TestReportsAreBounded(t *testing.T) {
	c := newController(t)
	c.stop()
	h := newHost(t, c, localStore(t))
	for i := range 1000 {
		h.Report(linkspan.Event{Kind: linkspan.NetworkRefused, Message: fmt.Sprint(i)})
	}
	c.start(t)
	eventually(t, "the last report", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.reports) > 0 && c.reports[len(c.reports)-1] == "999"
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.reports) > 300 {
		t.Errorf("%d reports were kept", len(c.reports))
	}
}
