// SPDX-License-Identifier: Apache-2.0

package flowlog_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/flowlog"
	"github.com/linkspan/linkspan/control/view"
)

// Run with -update to rewrite testdata; read the difference.
var update = flag.Bool("update", false, "rewrite testdata")

// fabric is a simulated fabric of two chassis with a log.
type fabric struct {
	*controltest.Fabric
	log    *flowlog.Log
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// start starts it; endpoints are c1 (h1), c2 and c3 (h2) of network web.
func start(t *testing.T, out interface{ Write([]byte) (int, error) }) *fabric {
	ctx, cancel := context.WithCancel(t.Context())
	quiet := slog.New(slog.DiscardHandler)
	hub := control.New(control.Config{Log: quiet})
	f := &fabric{Fabric: controltest.NewFabric(hub), cancel: cancel}
	f.log = flowlog.New(flowlog.Config{Hub: hub, Out: out, Log: quiet})
	hub.Update(
		view.PutNetwork(&linkspan.Network{ID: 1, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24"), Idle: 30 * time.Second}),
		view.PutChassis(&linkspan.Chassis{ID: 1, Name: "h1", Underlay: netip.MustParseAddr("192.0.2.1")}),
		view.PutChassis(&linkspan.Chassis{ID: 2, Name: "h2", Underlay: netip.MustParseAddr("192.0.2.2")}),
		view.PutEndpoint(endpoint("c1", 2, 1)), view.PutEndpoint(endpoint("c2", 3, 2)), view.PutEndpoint(endpoint("c3", 4, 2)),
	)
	f.work.Go(func() {
		if err := f.log.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("the log ended with %v", err)
		}
	})
	f.Connect(ctx, 1)
	f.Connect(ctx, 2)
	synctest.Wait()
	return f
}

func (f *fabric) end() {
	f.cancel()
	f.work.Wait()
	f.Wait()
}

// ping waits until all that follows from it has happened.
func (f *fabric) ping(from, to byte) {
	f.Ping(key(from), key(to), 64)
	synctest.Wait()
}

// later lets time pass.
func (f *fabric) later(d time.Duration) {
	time.Sleep(d)
	f.Switch(1).Expire()
	f.Switch(2).Expire()
	synctest.Wait()
}

func key(last byte) view.Key {
	return view.Key{Network: 1, Address: netip.AddrFrom4([4]byte{10, 7, 0, last})}
}

func endpoint(name string, last byte, on linkspan.ChassisID) *linkspan.Endpoint {
	return &linkspan.Endpoint{
		Network: 1, Address: key(last).Address, Chassis: on, Container: name,
		MAC: linkspan.MAC{2, 0, 0, 0, 0, last}, Port: uint32(last),
	}
}

// A route between hosts and one within a host that end of idleness, a denial,
// and a route that ends because its container leaves: the lines are those of
// testdata/flows.json.
func TestLinesTellWhoTalkedToWhom(t *testing.T) {
	var out bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		f := start(t, &out)
		f.ping(2, 3)
		f.ping(2, 3)
		f.ping(2, 99)
		f.later(2 * time.Second)
		f.ping(4, 3)
		f.later(28500 * time.Millisecond) // the first one idles out before the second
		f.later(2500 * time.Millisecond)
		f.later(5 * time.Second)
		f.ping(3, 2)
		f.later(time.Second)
		gone := view.RemoveEndpoint(1, key(3).Address)
		f.log.Leaving(f.Hub.View(), gone)
		f.Hub.Update(gone)
		f.Hub.Update(view.PutEndpoint(endpoint("other", 3, 1))) // has the address at once
		f.later(5 * time.Second)
		f.end()
		if written, lost, failed := f.log.Counts(); lost != 0 || failed != 0 || written != uint64(strings.Count(out.String(), "\n")) {
			t.Errorf("counted %d written, %d lost, %d failed", written, lost, failed)
		}
	})
	const golden = "testdata/flows.json"
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Fatalf("run with -update when this is meant:\n%s", diff)
	}
}

// A direction whose other one is not heard of, as its switch is away, is a line
// of its own, written at the latest when the log ends.
func TestHalfARouteIsWritten(t *testing.T) {
	var out bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		f := start(t, &out)
		f.ping(2, 3)
		if err := f.Conn(1).Close(); err != nil {
			t.Error(err)
		}
		f.later(31 * time.Second)
		f.end()
	})
	if n := strings.Count(out.String(), "\n"); n != 1 || !strings.Contains(out.String(), `"from":"10.7.0.3"`) {
		t.Fatalf("not one line from 10.7.0.3: %s", out.String())
	}
}

// More events than a watcher holds are counted as lost; a log that cannot be
// written counts its lines and goes on.
func TestWhatIsNotWrittenIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &broken{hold: make(chan struct{})}
		f := start(t, out)
		f.ping(2, 99)
		for range 6 { // each round of denials while the log is held up
			for last := byte(5); last < 255; last++ {
				f.Ping(key(2), key(last), 64)
			}
			f.later(11 * time.Second)
		}
		close(out.hold)
		f.later(time.Second)
		f.end()
		written, lost, failed := f.log.Counts()
		if written != 0 || lost == 0 || failed == 0 {
			t.Errorf("counted %d written, %d lost, %d failed", written, lost, failed)
		}
	})
}

// broken waits, and writes nothing.
type broken struct{ hold chan struct{} }

func (b *broken) Write([]byte) (int, error) {
	<-b.hold
	return 0, errors.New("no space left on device")
}
