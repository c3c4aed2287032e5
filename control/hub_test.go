// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// journal keeps events.
type journal struct {
	mu     sync.Mutex
	events []linkspan.Event
}

func (j *journal) add(e linkspan.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, e)
}

func (j *journal) kinds() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var list []string
	for _, e := range j.events {
		list = append(list, string(e.Kind)+" "+e.Subject)
	}
	return strings.Join(list, ", ")
}

// inBubble runs a test with a Hub that knows chassis 1 and 2.
func inBubble(t *testing.T, test func(t *testing.T, ctx context.Context, hub *control.Hub, fabric *controltest.Fabric, events *journal)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		events := new(journal)
		hub := control.New(control.Config{Log: slog.New(slog.DiscardHandler), Event: events.add})
		hub.Update(
			view.PutChassis(&linkspan.Chassis{ID: 1, Name: "h1", Underlay: netip.MustParseAddr("192.0.2.1")}),
			view.PutChassis(&linkspan.Chassis{ID: 2, Name: "h2", Underlay: netip.MustParseAddr("192.0.2.2")}),
		)
		fabric := controltest.NewFabric(hub)
		test(t, ctx, hub, fabric, events)
		cancel()
		fabric.Wait()
	})
}

func TestForeignDatapathIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context, hub *control.Hub, _ *controltest.Fabric, events *journal) {
		for name, c := range map[string]struct {
			dpid linkspan.DPID
			peer linkspan.ChassisID
		}{
			"another chassis's": {linkspan.ChassisID(2).DPID(), 1},
			"nobody's":          {7, 1},
			"unknown":           {linkspan.ChassisID(3).DPID(), 0},
			"not numbered here": {1, 0},
		} {
			near, far := controltest.Pipe()
			go func() { _ = controltest.NewSwitch(c.dpid).Serve(near) }()
			err := hub.Accept(ctx, far, control.Peer{Chassis: c.peer})
			if linkspan.CodeOf(err) != linkspan.Permission || linkspan.HintOf(err) == "" {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got := events.kinds(); strings.Count(got, "session.refused") != 4 || strings.Contains(got, "connected") {
			t.Errorf("events: %s", got)
		}
	})
}

func TestLaterConnectionReplacesTheEarlier(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context, hub *control.Hub, fabric *controltest.Fabric, events *journal) {
		fabric.Connect(ctx, 1)
		synctest.Wait()
		first, _ := hub.Connected(1)
		time.Sleep(time.Second)
		fabric.Connect(ctx, 1)
		synctest.Wait()
		second, ok := hub.Connected(1)
		if !ok || !second.Ready || !second.Since.After(first.Since) {
			t.Errorf("first %+v, second %+v", first, second)
		}
		if !hub.Disconnect(1, "removed by an operator") {
			t.Error("there was a session")
		}
		synctest.Wait()
		if _, ok := hub.Connected(1); ok || hub.Disconnect(1, "again") {
			t.Error("still connected")
		}
		want := "switch.connected h1, switch.lost h1, switch.connected h1, switch.lost h1"
		if got := events.kinds(); strings.Count(got, "connected") != 2 || strings.Count(got, "lost") != 2 {
			t.Errorf("events: %s, want %s", got, want)
		}
	})
}

// TestStalledSwitchHoldsNobodyUp: one switch stops reading; changes go on, and
// other switches follow them.
func TestStalledSwitchHoldsNobodyUp(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context, hub *control.Hub, fabric *controltest.Fabric, _ *journal) {
		fabric.Connect(ctx, 1)
		fabric.Connect(ctx, 2)
		synctest.Wait()
		hub.Update(view.PutNetwork(&linkspan.Network{
			ID: 7, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24"), Idle: time.Minute,
		}))
		fabric.Conn(1).Stall()
		before := len(fabric.Switch(2).Flows())
		for i := range byte(20) {
			for on := linkspan.ChassisID(1); on <= 2; on++ {
				hub.Update(view.PutEndpoint(&linkspan.Endpoint{
					Network: 7, Address: netip.AddrFrom4([4]byte{10, 7, 0, 50*byte(on) + i}), Chassis: on,
					Port: 10 + uint32(i), MAC: linkspan.MAC{2, byte(on), i},
				}))
			}
		}
		synctest.Wait()
		if n := len(fabric.Switch(2).Flows()) - before; n != 20*9+2 {
			t.Errorf("the other switch got %d flows", n)
		}
		time.Sleep(time.Minute)
		if _, ok := hub.Connected(1); ok {
			t.Error("the stalled switch is still connected")
		}
		if info, _ := hub.Connected(2); !info.Ready {
			t.Error("the other switch is not connected")
		}
	})
}

func TestSlowWatcherLosesTheOldest(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context, hub *control.Hub, fabric *controltest.Fabric, _ *journal) {
		e := &linkspan.Endpoint{Network: 7, Address: netip.MustParseAddr("10.0.0.1"), Chassis: 1, Port: 11, MAC: linkspan.MAC{2}}
		hub.Update(view.PutNetwork(&linkspan.Network{ID: 7, Name: "web", Subnet: netip.MustParsePrefix("10.0.0.0/8"), Idle: time.Minute}), view.PutEndpoint(e))
		fabric.Connect(ctx, 1)
		synctest.Wait()
		w := hub.Watch()
		defer w.Close()
		const n = 1500
		for i := range n {
			fabric.Ping(view.KeyOf(e), view.Key{Network: 7, Address: netip.AddrFrom4([4]byte{10, 9, byte(i >> 8), byte(i)})}, 64)
		}
		synctest.Wait()
		events, lost, err := w.Next(ctx)
		if err != nil || lost == 0 || lost+len(events) != n {
			t.Fatalf("%d events, %d lost, %v", len(events), lost, err)
		}
		last := netip.AddrFrom4([4]byte{10, 9, byte((n - 1) >> 8), byte((n - 1) & 0xff)})
		if got := events[len(events)-1]; got.Kind != control.Denied || got.To != last || got.Reason == "" {
			t.Errorf("the last event is %+v", got)
		}
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if _, _, err := w.Next(short); err == nil {
			t.Error("an event out of nothing")
		}
	})
}

// TestTooManyPacketsWait: a flood toward a chassis whose tunnel is not ready
// is bounded, and forgotten.
func TestTooManyPacketsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var peers never
		hub := control.New(control.Config{Log: slog.New(slog.DiscardHandler), Peers: &peers})
		fabric := controltest.NewFabric(hub)
		hub.Update(view.PutNetwork(&linkspan.Network{ID: 7, Name: "web", Subnet: netip.MustParsePrefix("10.0.0.0/8"), Idle: time.Minute}))
		from := &linkspan.Endpoint{Network: 7, Address: netip.MustParseAddr("10.0.0.1"), Chassis: 1, Port: 11, MAC: linkspan.MAC{2}}
		to := &linkspan.Endpoint{Network: 7, Address: netip.MustParseAddr("10.0.0.2"), Chassis: 2, Port: 11, MAC: linkspan.MAC{2, 1}}
		hub.Update(view.PutEndpoint(from), view.PutEndpoint(to))
		hub.Update(view.PutChassis(&linkspan.Chassis{ID: 1}), view.PutChassis(&linkspan.Chassis{ID: 2}))
		fabric.Connect(ctx, 1)
		fabric.Connect(ctx, 2)
		synctest.Wait()
		for range 100 {
			fabric.Ping(view.KeyOf(from), view.KeyOf(to), 64)
		}
		synctest.Wait()
		c := hub.Counters()
		if c.Pending.Load() != 1 || c.Joined.Load() == 0 || c.Dropped.Load() == 0 || c.Joined.Load()+c.Dropped.Load() != 99 {
			t.Errorf("%d pending, %d joined, %d dropped", c.Pending.Load(), c.Joined.Load(), c.Dropped.Load())
		}
		time.Sleep(3 * time.Second)
		if c.Pending.Load() != 0 || c.Late.Load() != 1 {
			t.Errorf("later: %d pending, %d late", c.Pending.Load(), c.Late.Load())
		}
		if peers.asked.Load() != 1 || peers.forgotten.Load() != 1 {
			t.Errorf("waited for %d times, forgotten %d times", peers.asked.Load(), peers.forgotten.Load())
		}
		cancel()
		fabric.Wait()
	})
}

// never is Peers that are never ready.
type never struct{ asked, forgotten atomic.Int64 }

func (*never) Update(*view.View, *view.Delta) {}

func (n *never) Await(_, _ linkspan.ChassisID, _ func()) (bool, func()) {
	n.asked.Add(1)
	return false, func() { n.forgotten.Add(1) }
}

// silent is a switch's connection that lets no answer about flows through.
type silent struct{ *controltest.Conn }

func (s silent) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		m, rest, err := openflow.SplitMessage(b)
		if err != nil {
			return 0, err
		}
		if m.Type() != openflow.TypeMultipartReply {
			if _, err := s.Conn.Write(m); err != nil {
				return 0, err
			}
		}
		b = rest
	}
	return n, nil
}

// TestSilentSwitchIsGivenUp: one that answers probes, and never says what it
// holds, does not stay.
func TestSilentSwitchIsGivenUp(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context, hub *control.Hub, _ *controltest.Fabric, _ *journal) {
		near, far := controltest.Pipe()
		go func() { _ = controltest.NewSwitch(linkspan.ChassisID(1).DPID()).Serve(silent{near}) }()
		begun := time.Now()
		ended := make(chan error, 1)
		go func() { ended <- hub.Accept(ctx, far, control.Peer{Chassis: 1}) }()
		time.Sleep(time.Second)
		if info, ok := hub.Connected(1); !ok || info.Ready {
			t.Errorf("meanwhile: %+v, %v", info, ok)
		}
		err := <-ended
		if took := time.Since(begun); linkspan.CodeOf(err) != linkspan.Unavailable || took != 30*time.Second {
			t.Errorf("after %s: %v", took, err)
		}
		if _, ok := hub.Connected(1); ok || hub.Disconnect(1, "gone") {
			t.Error("it is still there")
		}
	})
}

// TestSilentSwitchIsDisconnected: a switch that is removed goes, also before it
// has said what it holds.
func TestSilentSwitchIsDisconnected(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context, hub *control.Hub, _ *controltest.Fabric, _ *journal) {
		near, far := controltest.Pipe()
		go func() { _ = controltest.NewSwitch(linkspan.ChassisID(1).DPID()).Serve(silent{near}) }()
		ended := make(chan error, 1)
		go func() { ended <- hub.Accept(ctx, far, control.Peer{Chassis: 1}) }()
		synctest.Wait()
		if !hub.Disconnect(1, "removed by an operator") {
			t.Error("there was a session")
		}
		if err := <-ended; linkspan.CodeOf(err) != linkspan.Permission {
			t.Errorf("ended with %v", err)
		}
	})
}
