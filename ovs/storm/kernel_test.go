// SPDX-License-Identifier: Apache-2.0

package storm_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
	"github.com/linkspan/linkspan/ovs/storm"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// container makes a namespace with an eth0 at 198.51.100.2, whose host end is
// up, and the port that it is.
func container(t *testing.T) (storm.Port, *netns.Sandbox) {
	t.Helper()
	path := ovstest.Namespace(t)
	box, err := netns.Open(path)
	must(t, err)
	t.Cleanup(func() { _ = box.Close() })
	host, peer := netns.Names(t.Name())
	mac := linkspan.MAC{2, 1, 2, 3, 4, 5}
	must(t, netns.CreateVeth(context.Background(), netns.Veth{Host: host, Peer: peer, MAC: mac}))
	t.Cleanup(func() { _ = netns.DeleteVeth(context.Background(), host) })
	must(t, box.Take(peer, "eth0"))
	must(t, box.Do(func() error {
		return exec.Command("sh", "-c", `ip address add 198.51.100.2/24 dev eth0 && ip link set eth0 up &&
			ip neighbour add 198.51.100.7 lladdr 02:00:00:00:00:07 dev eth0 nud permanent &&
			ip neighbour add 198.51.100.8 lladdr 02:00:00:00:00:08 dev eth0 nud permanent`).Run()
	}))
	return storm.Port{Number: 9, Container: "c1", MAC: mac, Link: host, Sandbox: path}, box
}

// datagrams sends n to an address from the sandbox; what the fence holds is not
// told to the sender as sent.
func datagrams(t *testing.T, box *netns.Sandbox, to string, n int) {
	t.Helper()
	must(t, box.Do(func() error {
		conn, err := net.Dial("udp", to+":9")
		if err != nil {
			return err
		}
		for range n {
			if _, err := conn.Write([]byte("x")); err != nil && !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.EPERM) {
				return err
			}
		}
		return conn.Close()
	}))
}

// frames sends n of an EtherType past the stack. claimed is what the socket says
// they are; bypass sends them past the queues, too.
func frames(t *testing.T, box *netns.Sandbox, etherType, claimed uint16, bypass bool, n int) {
	t.Helper()
	framesTo(t, box, linkspan.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, etherType, claimed, bypass, n)
}

// framesTo is frames to an Ethernet address.
func framesTo(t *testing.T, box *netns.Sandbox, to linkspan.MAC, etherType, claimed uint16, bypass bool, n int) {
	t.Helper()
	must(t, box.Do(func() error {
		nic, err := net.InterfaceByName("eth0")
		if err != nil {
			return err
		}
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		if bypass {
			if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1); err != nil {
				return err
			}
		}
		frame := make([]byte, 60)
		copy(frame, append(to[:], 2, 1, 2, 3, 4, 5, byte(etherType>>8), byte(etherType)))
		for range n {
			_ = unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: nic.Index, Protocol: claimed<<8 | claimed>>8})
		}
		return nil
	}))
}

func TestFenceHoldsWhatItLimits(t *testing.T) {
	ovstest.Need(t, "ip")
	ctx := context.Background()
	p, box := container(t)
	var kernel storm.Kernel
	if _, _, err := kernel.Get(ctx, p); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Fatalf("without a fence: %v", err)
	}
	denied := []netip.Addr{netip.MustParseAddr("198.51.100.7"), netip.MustParseAddr("198.51.100.9")}
	send := func() {
		datagrams(t, box, "198.51.100.7", 2000)
		datagrams(t, box, "198.51.100.8", 5000)
		frames(t, box, 0x0806, 0, false, 1000)
		frames(t, box, 0x8100, 0, false, 1000)
	}
	for _, c := range []struct {
		name  string
		limit storm.Limit
		held  bool // that IPv4 is held
		least uint64
		most  uint64 // IPv4 that the rule sees
	}{
		{"nothing more", storm.Limit{}, false, 0, 0},
		{"a destination", storm.Limit{Destinations: denied}, true, 2000, 2000},
		{"everything", storm.Limit{All: true}, true, 7400, 9100},
		{"nothing again", storm.Limit{}, false, 0, 0},
	} {
		must(t, kernel.Set(ctx, p, c.limit))
		before := sentBy(t, p)
		send()
		limit, counts, err := kernel.Get(ctx, p)
		must(t, err)
		if diff := cmp.Diff(c.limit, limit, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("%s: limit (-want +got)\n%s", c.name, diff)
		}
		seen := counts.Held + counts.Passed
		if seen < c.least || seen > c.most || (counts.Held > 0) != c.held || counts.ARP == 0 || counts.Other == 0 {
			t.Errorf("%s: counts %+v", c.name, counts)
		}
		total := counts.Held + counts.ARP + counts.Other + sentBy(t, p) - before
		if total < 9000 || total > 9100 { // the stack sends a few of its own
			t.Errorf("%s: %d packets are held or sent, want 9000", c.name, total)
		}
	}
}

func sentBy(t *testing.T, p storm.Port) uint64 {
	t.Helper()
	all, err := storm.Sent()
	must(t, err)
	n, ok := all[p.Link]
	if !ok {
		t.Fatalf("%s is not among %v", p.Link, all)
	}
	return n
}

// Who may make raw sockets, which Docker lets every container, must not get
// past the fence by lying of a frame's protocol or by avoiding the queues.
func TestFenceIsNotFooled(t *testing.T) {
	ovstest.Need(t, "ip")
	ctx := context.Background()
	p, box := container(t)
	for _, bypass := range []bool{false, true} {
		for _, claimed := range []uint16{0, 0x0800, 0x0806} {
			must(t, storm.Kernel{}.Set(ctx, p, storm.Limit{All: true}))
			before := sentBy(t, p)
			frames(t, box, 0x0806, claimed, bypass, 10000)
			if passed := sentBy(t, p) - before; passed > 9000 {
				t.Errorf("claimed %#x, bypass %v: %d of 10000 pass", claimed, bypass, passed)
			}
		}
	}
}

// A fence stays when Docker names the interface, and goes with its port, also
// when the interface or the sandbox went first.
func TestFenceIsRemoved(t *testing.T) {
	ovstest.Need(t, "ip", "nft")
	ctx := context.Background()
	p, box := container(t)
	var kernel storm.Kernel
	tables := func() (list string) {
		must(t, box.Do(func() error {
			out, err := exec.Command("nft", "list", "tables").Output()
			list = strings.TrimSpace(string(out))
			return err
		}))
		return list
	}
	must(t, kernel.Set(ctx, p, storm.Limit{}))
	if got := tables(); got != "table netdev linkspan-storm-"+p.Link {
		t.Errorf("tables %q", got)
	}
	must(t, kernel.Remove(ctx, p))
	must(t, kernel.Remove(ctx, p))
	if got := tables(); got != "" {
		t.Errorf("tables %q after the removal", got)
	}
	must(t, kernel.Set(ctx, p, storm.Limit{}))
	must(t, box.Do(func() error { // as Docker does, which may be later than the fence
		return exec.Command("sh", "-c", "ip link set eth0 down && ip link set eth0 name eth7 && ip link set eth7 up").Run()
	}))
	if limit, _, err := kernel.Get(ctx, p); err != nil || limit.Any() {
		t.Errorf("with another name: %v, %v", limit, err)
	}
	must(t, kernel.Set(ctx, p, storm.Limit{All: true}))
	if got := tables(); got != "table netdev linkspan-storm-"+p.Link {
		t.Errorf("tables %q after the renaming", got)
	}
	must(t, netns.DeleteVeth(ctx, p.Link))
	if err := kernel.Set(ctx, p, storm.Limit{}); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("a fence at no interface: %v", err)
	}
	must(t, kernel.Remove(ctx, p))
	if got := tables(); got != "" {
		t.Errorf("tables %q after the interface went", got)
	}
	p.Sandbox = filepath.Join(t.TempDir(), "gone")
	must(t, kernel.Remove(ctx, p))
	must(t, os.WriteFile(p.Sandbox, nil, 0o600)) // what Docker mounts a namespace over
	must(t, kernel.Remove(ctx, p))
}

// TestFenceOfIPv6: a port that has IPv6 is not limited in what it sends to one, but in
// what goes to many, and in what is denied, of both families.
func TestFenceOfIPv6(t *testing.T) {
	ovstest.Need(t, "ip")
	ctx := context.Background()
	p, box := container(t)
	p.Address6 = netip.MustParseAddr("fd00::2")
	must(t, box.Do(func() error {
		return exec.Command("sh", "-c", `echo 0 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6 && ip address add fd00::2/64 dev eth0 nodad &&
			ip neighbour add fd00::7 lladdr 02:00:00:00:00:07 dev eth0 nud permanent &&
			ip neighbour add fd00::8 lladdr 02:00:00:00:00:08 dev eth0 nud permanent`).Run()
	}))
	var kernel storm.Kernel
	denied := []netip.Addr{netip.MustParseAddr("198.51.100.7"), netip.MustParseAddr("fd00::7")}
	must(t, kernel.Set(ctx, p, storm.Limit{Destinations: denied}))
	const many = 1000
	datagrams(t, box, "198.51.100.7", many)
	datagrams(t, box, "[fd00::7]", many)
	datagrams(t, box, "[fd00::8]", many)
	datagrams(t, box, "198.51.100.8", many)
	limit, counts, err := kernel.Get(ctx, p)
	must(t, err)
	if diff := cmp.Diff(storm.Limit{Destinations: denied}, limit, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("limit (-want +got):\n%s", diff)
	}
	if counts.Held < many || counts.Held+counts.Passed != 2*many || counts.Other > 0 {
		t.Errorf("counts are %+v of %d to each", counts, many)
	}
	framesTo(t, box, linkspan.MAC{0x33, 0x33, 0, 0, 0, 9}, 0x86dd, 0, false, many)
	if _, counts, err = kernel.Get(ctx, p); err != nil || counts.Other == 0 {
		t.Errorf("what goes to many is not limited: %+v, %v", counts, err)
	}
}
