// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/vishvananda/netns"
)

func sample() Service {
	return Service{Name: "hall-3", Port: 5000, Address: netip.MustParseAddr("192.0.2.7")}
}

func TestMessages(t *testing.T) {
	s := sample()
	text, err := question()
	if err != nil {
		t.Fatal(err)
	}
	q, ok := s.readQuestion(text)
	if !ok || !q.unicast {
		t.Fatalf("%+v, %v", q, ok)
	}
	for name, to := range map[string]*asked{"to all": nil, "to who asked": &q} {
		message, err := s.answer(to, ttl)
		if err != nil {
			t.Fatal(err)
		}
		if found := readAnswer(message); len(found) != 1 || found[0] != s || found[0].Host() != "192.0.2.7:5000" {
			t.Errorf("%s: %+v", name, found)
		}
		if _, ok := s.readQuestion(message); ok {
			t.Errorf("%s: an answer is a question", name)
		}
	}
	gone, err := s.answer(nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if found := readAnswer(gone); len(found) != 0 {
		t.Errorf("one that has gone: %+v", found)
	}
}

func TestLabel(t *testing.T) {
	for name, want := range map[string]string{"Hall-3": "hall-3", "a.example.org": "a-example-org"} {
		if got := label(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func FuzzMessages(f *testing.F) {
	s := sample()
	q, err := question()
	if err != nil {
		f.Fatal(err)
	}
	a, err := s.answer(nil, ttl)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(q)
	f.Add(a)
	f.Fuzz(func(t *testing.T, message []byte) {
		for _, found := range readAnswer(message) {
			if found.Port == 0 || !found.Address.IsValid() {
				t.Errorf("%+v", found)
			}
		}
		if q, ok := s.readQuestion(message); ok {
			if _, err := s.answer(&q, ttl); err != nil {
				t.Errorf("no answer to %q: %v", message, err)
			}
		}
	})
}

// TestFound has a registry found on a subnet, and not on another one of the same host.
func TestFound(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	runtime.LockOSThread() // and never unlocked: the thread ends with its namespace
	space, err := netns.New()
	if err != nil {
		t.Skipf("there are no network namespaces: %v", err)
	}
	defer space.Close()
	for _, line := range []string{
		"link set lo up", "link add mgmt type veth peer name mgmt1", "link set mgmt1 up", "link set mgmt multicast on up", "address add 192.0.2.7/24 dev mgmt",
		"link add other type veth peer name other1", "link set other1 up", "link set other multicast on up", "address add 198.51.100.7/24 dev other",
	} {
		run(t, "ip "+line)
	}
	interfaces := func(subnet string) []Interface {
		on, err := Interfaces([]netip.Prefix{netip.MustParsePrefix(subnet)})
		if err != nil || len(on) != 1 {
			t.Fatalf("%s: %v, %v", subnet, on, err)
		}
		return on
	}
	mgmt, other := interfaces("192.0.2.0/24"), interfaces("198.51.100.0/24")
	ctx, cancel := context.WithCancel(t.Context())
	a, err := Announce(ctx, Service{Name: "Hall.3", Port: 5000}, mgmt)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	patience, end := context.WithTimeout(t.Context(), 30*time.Second)
	defer end()
	found, err := Find(patience, mgmt)
	if err != nil || len(found) != 1 || found[0].Name != "hall-3" || found[0].Host() != "192.0.2.7:5000" {
		t.Errorf("%+v, %v", found, err)
	}
	short, end := context.WithTimeout(t.Context(), 2*time.Second) // in which nobody answers
	defer end()
	if found, err := Find(short, other); err != nil || len(found) != 0 {
		t.Errorf("on the other subnet: %+v, %v", found, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func run(t *testing.T, line string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", line).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", line, err, out)
	}
}
