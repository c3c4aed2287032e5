// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan/bench/ofload"
	"github.com/linkspan/linkspan/bench/process"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// No pair may be asked about twice, in whichever direction: the answers could
// not be told apart.
func TestPairsAreUnique(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 150).Draw(t, "hosts")
		seen := make(map[[2]int]bool)
		for _, p := range pairs(n) {
			key := [2]int{min(p[0], p[1]), max(p[0], p[1])}
			if seen[key] || key[0] == key[1] || key[0] < 1 || key[1] > n {
				t.Fatalf("pair %v of %d hosts", p, n)
			}
			seen[key] = true
		}
		if want := min(maxPairs, n*(n-1)/2); len(seen) != want {
			t.Fatalf("%d pairs of %d hosts, want %d", len(seen), n, want)
		}
	})
}

// Two switches that ask about each other never ask about the same pair.
func TestCrossingsAreUnique(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 120).Draw(t, "hosts")
		seen := make(map[[2]int]bool)
		for _, p := range crossings(n, 1) {
			seen[p] = true
		}
		there := crossings(n, 0)
		for _, p := range there {
			seen[[2]int{p[1], p[0]}] = true
		}
		if len(seen) != len(crossings(n, 1))+len(there) || len(there) == 0 {
			t.Fatalf("%d hosts: %d pairs of %d and %d", n, len(seen), len(crossings(n, 1)), len(there))
		}
	})
}

// testSize is small: it is the answers that count here.
func testSize() Size { return Size{Switches: 2, Hosts: 10} }

// answers has switches ask, with a window and with one at a time, and demands
// answers without fault.
func answers(t *testing.T, l Switches) {
	t.Helper()
	for _, window := range []int{8, 1} {
		r, err := ofload.Run(t.Context(), l, ofload.Load{Window: window, Duration: 100 * time.Millisecond, Drain: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Faults.Err(); err != nil || r.Asked == 0 {
			t.Fatalf("%d asked with window %d: %v", r.Asked, window, err)
		}
	}
}

// free returns a loopback address that was free a moment ago.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// launch runs a program until the test ends.
func launch(t *testing.T, address, path string, args ...string) *process.Process {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	p, err := process.Start(process.Command{Path: path, Args: args, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Stop()
		if text, err := os.ReadFile(log); err == nil && t.Failed() {
			t.Logf("%s says:\n%s", path, text)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := p.Listening(ctx, "tcp", address); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLearningController(t *testing.T) {
	path, err := exec.LookPath("ovs-testcontroller")
	if err != nil {
		t.Skip("ovs-testcontroller is missing: apt-get install openvswitch-testcontroller")
	}
	address := free(t)
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	launch(t, address, path, "-O", "OpenFlow13", "-vsyslog:off", "--unixctl="+filepath.Join(t.TempDir(), "ctl"), "ptcp:"+port+":"+host)
	l, err := ConnectLearning(t.Context(), address, testSize())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := AskLearning(l, testSize()); err != nil {
		t.Fatal(err)
	}
	answers(t, l)
}

func TestEcho(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	r := ofload.Responder{Answer: ofload.Echo()}
	go func() { served <- r.Serve(ctx, listener) }()
	defer func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	l, err := ConnectEcho(t.Context(), listener.Addr().String(), testSize())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := AskEcho(l, testSize()); err != nil {
		t.Fatal(err)
	}
	answers(t, l)
}

// The whole scenario against the real controller: tokens, join, endpoints,
// peers, sessions with and without TLS, routes on one and on two chassis.
func TestFabric(t *testing.T) {
	program := os.Getenv("LINKSPAN_E2E")
	if program == "" {
		t.Skip("LINKSPAN_E2E does not name a built linkspan")
	}
	dir := t.TempDir()
	api, secure, plain, socket := free(t), free(t), free(t), filepath.Join(dir, "socket")
	p := launch(t, plain, program, "serve", "controller", "--state-dir", filepath.Join(dir, "state"), "--socket", socket,
		"--listen", api, "--advertise", "127.0.0.1", "--openflow", secure, "--openflow-plain", plain)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := p.Listening(ctx, "unix", socket); err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(dir, "keys")
	if err := os.Mkdir(keys, 0o700); err != nil {
		t.Fatal(err)
	}
	// As many ports as it takes for what they may send up together not to run out
	// while the load is on.
	size := Size{Switches: 2, Hosts: 200}
	f, err := NewFabric(ctx, FabricConfig{Socket: socket, API: api, Dir: keys, Size: size})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, way := range []struct {
		address string
		tls     bool
	}{{plain, false}, {secure, true}} {
		l, err := f.Connect(ctx, way.address, way.tls)
		if err != nil {
			t.Fatal(err)
		}
		for _, ask := range []func(Switches) error{f.AskSame, f.AskTwo} {
			if err := ask(l); err != nil {
				t.Fatal(err)
			}
			if err := l.Settle(ctx); err != nil {
				t.Fatal(err)
			}
			answers(t, l)
		}
		l.Close()
	}
	if err := f.Trouble(); err != nil {
		t.Error(err)
	}
}
