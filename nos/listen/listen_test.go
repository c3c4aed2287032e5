// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func configured(t *testing.T, commands ...string) *tree.Tree {
	t.Helper()
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	c, err := tree.New(s).Merge(tree.Commands, []byte(strings.Join(commands, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAddresses(t *testing.T) {
	managed := []string{"set system management interface eth0", "set system management address 192.0.2.10/24", "set system management address 2001:db8::1/64"}
	for name, c := range map[string]struct {
		given    string
		commands []string
		want     []string
	}{
		"nothing configured":  {":2222", nil, []string{":2222"}},
		"management":          {":2222", managed, []string{"192.0.2.10:2222", "[2001:db8::1]:2222"}},
		"a host is given":     {"198.51.100.1:22", managed, []string{"198.51.100.1:22"}},
		"of the link alone":   {":2222", []string{"set system management interface eth0", "set system management address fe80::1/64"}, []string{"[fe80::1%eth0]:2222"}},
		"an interface alone":  {":2222", managed[:1], []string{":2222"}},
		"an IPv6 one of both": {":0", managed[:2], []string{"192.0.2.10:0"}},
	} {
		got, err := Addresses(c.given, configured(t, c.commands...))
		slices.Sort(got)
		slices.Sort(c.want)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
	}
	if _, err := Addresses("2222", configured(t)); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("a port alone: %v", err)
	}
}

// The configuration changes where the switch listens; who is connected stays.
func TestFollowsTheConfiguration(t *testing.T) {
	var running atomic.Pointer[tree.Tree]
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(free.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	at := func(addresses ...string) {
		commands := []string{"set system management interface lo"}
		for _, a := range addresses {
			commands = append(commands, "set system management address "+a+"/24")
		}
		running.Store(configured(t, commands...))
	}
	at("127.0.0.1")
	l, err := Open(t.Context(), Options{Address: ":" + port, Running: running.Load, Look: time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	pass := func(address string) (near, far net.Conn) {
		near, err := net.DialTimeout("tcp", net.JoinHostPort(address, port), 30*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if far, err = l.Accept(); err != nil {
			t.Fatal(err)
		}
		return near, far
	}
	near, far := pass("127.0.0.1")
	defer near.Close()
	defer far.Close()
	if _, err := net.Dial("tcp", "127.0.0.2:"+port); err == nil {
		t.Error("it listens where nothing is configured")
	}
	at("127.0.0.2", "192.0.2.77") // which this host has not: one may come later
	want := []string{"127.0.0.2:" + port, "192.0.2.77:" + port}
	for deadline := time.Now().Add(30 * time.Second); !slices.Equal(l.Addresses(), want); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it listens at %v", l.Addresses())
		}
	}
	if _, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
		t.Error("it listens where it did before")
	}
	other, end := pass("127.0.0.2")
	other.Close()
	end.Close()
	if _, err := far.Write([]byte("x")); err != nil {
		t.Errorf("the connection from before: %v", err)
	}
	var one [1]byte
	if _, err := near.Read(one[:]); err != nil || one[0] != 'x' {
		t.Errorf("the connection from before: %q, %v", one, err)
	}
}

func TestAPortThatIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Address: taken.Addr().String(), Running: func() *tree.Tree { return nil }, Log: slog.New(slog.DiscardHandler)}
	if _, err := Open(t.Context(), o); err == nil {
		t.Fatal("two listen at one address")
	}
	taken.Close()
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := l.Accept(); err == nil {
		t.Error("one that is closed has a connection")
	}
}
