// SPDX-License-Identifier: Apache-2.0

package ether_test

import (
	"os"
	"testing"
	"time"

	"github.com/linkspan/linkspan/ovs/ether"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

// TestOneProtocolIsHeard, whole and once; what goes out oneself is not.
func TestOneProtocolIsHeard(t *testing.T) {
	ovstest.Need(t, "ip")
	ovstest.IP(t, "link", "add", "e0", "type", "veth", "peer", "name", "e1")
	ovstest.IP(t, "link", "set", "e0", "up")
	ovstest.IP(t, "link", "set", "e1", "up")
	t.Cleanup(func() { ovstest.IP(t, "link", "del", "e0") })
	here, err := ether.Open("e0", 0x88b5)
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	there, err := ether.Open("e1", 0x88b5)
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	head := "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01"
	for _, frame := range []string{head + "\x88\xb6another protocol", head + "\x88\xb5heard", head + "\x88\xb6another one", head + "\x88\xb5heard, too"} {
		if _, err := here.WriteString(frame); err != nil {
			t.Fatal(err)
		}
	}
	b := make([]byte, 100)
	for _, want := range []string{head + "\x88\xb5heard", head + "\x88\xb5heard, too"} {
		if err := there.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if n, err := there.Read(b); err != nil || string(b[:n]) != want {
			t.Fatalf("%q, %v", b[:n], err)
		}
	}
	if err := here.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := here.Read(b); !os.IsTimeout(err) {
		t.Errorf("it hears itself: %q, %v", b[:n], err)
	}
	if _, err := ether.Open("nothing", 0x88b5); err == nil {
		t.Error("a device that is not there was opened")
	}
}
