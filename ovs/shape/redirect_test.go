// SPDX-License-Identifier: Apache-2.0

package shape_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
	"github.com/linkspan/linkspan/ovs/shape"
)

// tc runs tc(8) and returns what it prints.
func tc(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "tc", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("tc %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func mend(t testing.TB, l linkspan.Limits) {
	t.Helper()
	if n, err := shape.Mend(t.Context(), map[string]linkspan.Limits{port: l}); err != nil || len(n) != 1 || n[0] != port {
		t.Errorf("mended %q, %v; want %s", n, err, port)
	}
	if n, err := shape.Mend(t.Context(), map[string]linkspan.Limits{port: l}); err != nil || len(n) != 0 {
		t.Errorf("mended %q again, %v", n, err)
	}
}

// A filter that leads elsewhere is replaced where it is: the entrance is never
// without one, which a filter of somebody else shows that would go with it.
func TestMendLeavesTheEntrance(t *testing.T) {
	ovstest.Need(t, "tc")
	limits := linkspan.Limits{Egress: linkspan.Megabit}
	create(t, limits)
	in := shape.Inner(port)
	tc(t, "filter", "replace", "dev", in, "parent", "ffff:", "protocol", "all", "prio", "1", "handle", "800::800",
		"u32", "match", "u32", "0", "0", "action", "mirred", "egress", "redirect", "dev", port)
	tc(t, "filter", "add", "dev", in, "parent", "ffff:", "protocol", "ip", "prio", "2", "u32", "match", "u32", "0", "0", "action", "mirred", "egress", "redirect", "dev", port)
	mend(t, limits)
	if now := tc(t, "filter", "show", "dev", in, "parent", "ffff:"); !strings.Contains(now, "pref 2") || !strings.Contains(now, middle) {
		t.Errorf("filters are %s", now)
	}
}

// A filter for some frames only, or of another kind, does not stand for ours.
func TestMendReplacesOthersFilters(t *testing.T) {
	ovstest.Need(t, "tc")
	limits := linkspan.Limits{Egress: linkspan.Megabit}
	create(t, limits)
	in := shape.Inner(port)
	redirect := []string{"action", "mirred", "egress", "redirect", "dev", middle}
	for _, filter := range [][]string{
		append([]string{"protocol", "all", "prio", "1", "u32", "match", "u32", "7", "0xff"}, redirect...),
		append([]string{"protocol", "ip", "prio", "1", "u32", "match", "u32", "0", "0"}, redirect...),
		{"protocol", "all", "prio", "1", "matchall", "action", "drop"},
	} {
		tc(t, "filter", "delete", "dev", in, "parent", "ffff:")
		if out, err := exec.CommandContext(t.Context(), "tc", append([]string{"filter", "add", "dev", in, "parent", "ffff:"}, filter...)...).CombinedOutput(); err != nil {
			t.Logf("not tried, this kernel has it not: %q: %s", filter, out)
			continue
		}
		mend(t, limits)
	}
}

// What a container sends while no filter is at its entrance does not reach the
// host's stack: the links are where the shield is.
func TestLinksAreShielded(t *testing.T) {
	ovstest.Need(t, "nft", "tc", "ip")
	create(t, linkspan.Limits{Egress: linkspan.Megabit})
	ports := port[:4]
	must(t, netns.EnsureShield(t.Context(), append(shape.Prefixes(ports), ports)))
	t.Cleanup(func() { must(t, netns.RemoveShield(context.Background())) })
	in := shape.Inner(port)
	tc(t, "qdisc", "delete", "dev", in, "ingress")
	tc(t, "qdisc", "delete", "dev", middle, "ingress")
	for from, to := range map[string]string{peer: in, port: middle} {
		shouts(t, from)
		ovstest.Eventually(t, "the shield counts what came in by "+to, func() bool {
			out, err := exec.CommandContext(t.Context(), "nft", "list", "table", "inet", "linkspan-shield").Output()
			for line := range strings.Lines(string(out)) {
				if strings.Contains(line, `"`+to[:4]+`*"`) {
					return err == nil && !strings.Contains(line, "packets 0")
				}
			}
			return false
		})
	}
}

// shouts sends a packet of IPv4 to everybody from a link.
func shouts(t testing.TB, name string) {
	t.Helper()
	link, err := netlink.LinkByName(name)
	must(t, err)
	must(t, netlink.LinkSetUp(link))
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	must(t, err)
	defer func() { must(t, unix.Close(fd)) }()
	frame := make([]byte, 60)
	copy(frame, "\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x08\x00") // Ethernet, IPv4
	copy(frame[14:], "\x45\x00\x00\x14\x00\x00\x00\x00\x40\x11\x00\x00\xc6\x33\x64\x02\xff\xff\xff\xff")
	sum := uint32(0)
	for i := 14; i < 34; i += 2 {
		sum += uint32(frame[i])<<8 | uint32(frame[i+1])
	}
	sum = ^(sum&0xffff + sum>>16)
	frame[24], frame[25] = byte(sum>>8), byte(sum)
	must(t, unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: link.Attrs().Index}))
}
