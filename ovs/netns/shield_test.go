// SPDX-License-Identifier: Apache-2.0

package netns_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// A container that sends to the MAC address of the host end of its veth must
// not reach the host's own stack.
func TestShieldKeepsContainersOffTheHost(t *testing.T) {
	ovstest.Need(t, "ip", "nft")
	ctx := context.Background()
	box, host := container(t)
	defer func() { must(t, box.Close()) }()
	defer func() { must(t, netns.DeleteVeth(ctx, host)) }()
	ovstest.IP(t, "address", "add", "192.0.2.1/32", "dev", "lo")
	defer ovstest.IP(t, "address", "delete", "192.0.2.1/32", "dev", "lo")
	server, err := net.ListenPacket("udp4", "192.0.2.1:5000")
	must(t, err)
	defer func() { must(t, server.Close()) }()

	send := func() {
		must(t, box.Do(func() error {
			conn, err := net.Dial("udp4", "192.0.2.1:5000")
			if err != nil {
				return err
			}
			_, err = conn.Write([]byte("x"))
			return errors.Join(err, conn.Close())
		}))
	}
	send()
	must(t, server.SetReadDeadline(time.Now().Add(30*time.Second)))
	buf := make([]byte, 8)
	if _, _, err := server.ReadFrom(buf); err != nil {
		t.Fatalf("the way around the bridge is not there even without shield: %v", err)
	}

	must(t, netns.EnsureShield(ctx, []string{"none-", netns.HostPrefix}))
	must(t, netns.EnsureShield(ctx, []string{"none-", netns.HostPrefix}))
	send()
	ovstest.Eventually(t, "the shield counts the packet", func() bool {
		out, err := exec.Command("nft", "list", "table", "inet", "linkspan-shield").Output()
		return err == nil && strings.Contains(string(out), "packets 1") && strings.Count(string(out), "drop") == 2
	})
	must(t, server.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
	if n, _, err := server.ReadFrom(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes passed the shield: %v", n, err)
	}
	must(t, netns.RemoveShield(ctx))
	must(t, netns.RemoveShield(ctx))
	if out, _ := exec.Command("nft", "list", "tables").Output(); len(out) > 0 {
		t.Errorf("tables left: %s", out)
	}
}

// TestShieldStandsBeforeFragments: of what the shield drops, connection tracking keeps no
// fragment for the packet that the bridge brings.
func TestShieldStandsBeforeFragments(t *testing.T) {
	ovstest.Need(t, "ip", "nft")
	box, host := container(t)
	defer func() { must(t, box.Close()) }()
	defer func() { must(t, netns.DeleteVeth(context.Background(), host)) }()
	ovstest.IP(t, "address", "add", "192.0.2.1/32", "dev", "lo")
	defer ovstest.IP(t, "address", "delete", "192.0.2.1/32", "dev", "lo")
	nft(t, "add table inet tracks; add chain inet tracks look { type filter hook prerouting priority 0; }; add rule inet tracks look ct state new counter accept")
	defer nft(t, "delete table inet tracks")
	send := func() {
		must(t, box.Do(func() error {
			conn, err := net.Dial("udp4", "192.0.2.1:5000")
			if err != nil {
				return err
			}
			_, err = conn.Write(make([]byte, 4000)) // three fragments
			return errors.Join(err, conn.Close())
		}))
	}
	send()
	ovstest.Eventually(t, "tracking puts fragments together", func() bool { return fragments(t) == 3 })
	must(t, netns.EnsureShield(t.Context(), []string{netns.HostPrefix}))
	defer func() { must(t, netns.RemoveShield(context.Background())) }()
	send()
	ovstest.Eventually(t, "the shield counts the fragments", func() bool {
		return strings.Contains(nft(t, "list table inet linkspan-shield"), "packets 3")
	})
	if n := fragments(t); n != 3 {
		t.Errorf("%d fragments got behind the shield", n-3)
	}
}

// nft runs a command of nftables and returns what it prints.
func nft(t *testing.T, command string) string {
	t.Helper()
	out, err := exec.Command("nft", command).CombinedOutput()
	if err != nil {
		t.Fatalf("nft %s: %v: %s", command, err, out)
	}
	return string(out)
}

// fragments returns how many fragments this namespace has been given to put together (RFC 4293, ipReasmReqds).
func fragments(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/thread-self/net/snmp")
	must(t, err)
	var names []string
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if words[0] != "Ip:" {
			continue
		}
		if i := slices.Index(names, "ReasmReqds"); i > 0 {
			n, err := strconv.Atoi(words[i])
			must(t, err)
			return n
		}
		names = words
	}
	t.Fatal("the kernel counts no fragments")
	return 0
}

// container makes a namespace with an eth0 at 198.51.100.2 that sends all to
// the MAC address of its veth's host end, whose name is returned.
func container(t *testing.T) (*netns.Sandbox, string) {
	t.Helper()
	box, err := netns.Open(ovstest.Namespace(t))
	must(t, err)
	host, peer := netns.Names(t.Name())
	must(t, netns.CreateVeth(context.Background(), netns.Veth{Host: host, Peer: peer}))
	must(t, os.WriteFile("/proc/sys/net/ipv4/conf/"+host+"/rp_filter", []byte("0"), 0o644))
	must(t, os.WriteFile("/proc/sys/net/ipv4/conf/all/rp_filter", []byte("0"), 0o644))
	mac := attrs(t, host).HardwareAddr.String()
	must(t, box.Take(peer, "eth0"))
	must(t, box.Do(func() error {
		ovstest.IP(t, "address", "add", "198.51.100.2/24", "dev", "eth0")
		ovstest.IP(t, "link", "set", "eth0", "up")
		ovstest.IP(t, "neigh", "add", "198.51.100.1", "lladdr", mac, "dev", "eth0", "nud", "permanent")
		ovstest.IP(t, "route", "add", "default", "via", "198.51.100.1")
		return nil
	}))
	return box, host
}
