// SPDX-License-Identifier: Apache-2.0

package acl

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// apply applies and reads back.
func apply(t *testing.T, old, new *tree.Tree) func() {
	t.Helper()
	p, err := New(Options{}).Plan(t.Context(), old, new)
	if err == nil {
		err = p.Apply(t.Context())
	}
	if err == nil {
		err = p.Verify(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := p.Undo(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}
}

// drift returns what somebody else has changed.
func drift(t *testing.T, of *tree.Tree) string {
	t.Helper()
	found, err := New(Options{}).Drift(t.Context(), of)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, d := range found {
		lines = append(lines, fmt.Sprintf("%s: want %q have %q", tree.Join(d.Path), d.Want, d.Have))
	}
	return strings.Join(lines, "\n")
}

func nft(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(context.WithoutCancel(t.Context()), "nft", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("nft %v: %v: %s", args, err, out)
	}
	return string(out)
}

func TestTheTableIsAsNftPrintsIt(t *testing.T) {
	ovstest.Need(t, "nft")
	before, after := configured(t), offices(t)
	undo := apply(t, before, after)
	out := nft(t, "list", "table", "inet", tableName)
	for _, want := range []string{
		`tcp dport 443 accept comment "permit tcp from 192.0.2.0/26 to any port 443"`, "ip saddr 192.0.2.0/26", `elements = { "vlan10" : jump list-offices }`,
		`elements = { "vlan20" : jump list-guard }`, "tcp dport 1-1023 counter", `iifname @ports counter`, `"eth1",`, "iifname vmap @in", "oifname vmap @out",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if d := drift(t, after); d != "" {
		t.Error(d)
	}
	nft(t, "flush", "chain", "inet", tableName, "list-guard")
	if d := drift(t, after); !strings.HasPrefix(d, "acls guard: want") {
		t.Error(d)
	}
	apply(t, nil, after)
	nft(t, "delete", "element", "inet", tableName, "in", `{ "vlan10" }`)
	if d := drift(t, after); d != `vlans 10 interface acl-in: want "offices" have ""` {
		t.Error(d)
	}
	undo()
	if out := nft(t, "list", "tables"); strings.Contains(out, tableName) {
		t.Error(out)
	}
}

func TestALargeTable(t *testing.T) {
	ovstest.Need(t, "nft")
	var commands []string
	for i := 1; i <= 1000; i++ {
		commands = append(commands,
			fmt.Sprintf("set vlans %d interface address 10.%d.%d.1/24", i, i/250, i%250), fmt.Sprintf("set vlans %d interface acl-in a%d", i, i%50),
			fmt.Sprintf("set acls a%d rules %d action permit", i%50, i), fmt.Sprintf("set ports p%d mode trunk", i))
	}
	all := configured(t, commands...)
	defer apply(t, configured(t), all)()
	if d := drift(t, all); d != "" {
		t.Error(d)
	}
}

// TestTraffic routes between two hosts by devices that are called as those of VLANs are.
func TestTraffic(t *testing.T) {
	ovstest.Need(t, "nft", "ip", "ping", "nsenter")
	hosts := map[string]string{}
	for id, address := range map[string]string{"10": "192.0.2.1/26", "20": "192.0.2.65/26"} {
		hosts[id] = host(t, "vlan"+id, address)
	}
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ping := func(from, to string) bool {
		return exec.CommandContext(t.Context(), "nsenter", "--net="+hosts[from], "ping", "-c", "1", "-W", "5", to).Run() == nil
	}
	dropped := func() bool {
		return regexp.MustCompile(`counter packets [1-9]\d* bytes \d+ drop`).MatchString(nft(t, "list", "table", "inet", tableName))
	}
	old := configured(t)
	for _, c := range []struct {
		what     string
		commands []string
		passes   bool
	}{
		{"no list", nil, true},
		{"nothing in", []string{"set vlans 10 interface acl-in l", "set acls l default deny"}, false},
		{"pings in", []string{"set vlans 10 interface acl-in l", "set acls l rules 1 action permit", "set acls l rules 1 protocol icmp"}, true},
		{"pings of others in", []string{"set vlans 10 interface acl-in l", "set acls l rules 1 action permit", "set acls l rules 1 source 192.0.2.64/26"}, false},
		{"nothing out", []string{"set vlans 20 interface acl-out l", "set acls l default deny"}, false},
		{"in, but not out", []string{"set vlans 10 interface acl-in i", "set acls i default permit", "set vlans 20 interface acl-out l", "set acls l rules 1 action deny", "set acls l rules 1 protocol icmp"}, false},
		{"all but tcp", []string{"set vlans 10 interface acl-in l", "set acls l default permit", "set acls l rules 7 action deny", "set acls l rules 7 protocol tcp"}, true},
		{"enters a port", []string{"set ports vlan10 mode access"}, false},
	} {
		next := configured(t, append([]string{"set vlans 10 interface address 192.0.2.1/26", "set vlans 20 interface address 192.0.2.65/26"}, c.commands...)...)
		apply(t, old, next)
		if c.passes {
			ovstest.Eventually(t, c.what+": it passes", func() bool { return ping("10", "192.0.2.66") })
		} else if ping("10", "192.0.2.66") || !dropped() {
			t.Errorf("%s: it passes, or is lost\n%s", c.what, nft(t, "list", "ruleset"))
		}
		old = next
	}
	apply(t, old, configured(t))
}

// host is a namespace behind a device, which gets an address; the host gets the next one.
func host(t *testing.T, device, address string) string {
	t.Helper()
	space := strings.Replace(ovstest.Namespace(t), "self", strconv.Itoa(os.Getpid()), 1)
	ovstest.IP(t, "link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", space)
	t.Cleanup(func() { ovstest.IP(t, "link", "del", device) })
	ovstest.IP(t, "addr", "add", address, "dev", device)
	ovstest.IP(t, "link", "set", device, "up")
	base, _, _ := strings.Cut(address, "/")
	last := strings.LastIndex(base, ".")
	next := map[string]string{"1": "2", "65": "66"}[base[last+1:]]
	for _, args := range []string{"addr add " + base[:last+1] + next + "/26 dev eth0", "link set eth0 up", "route add default via " + base} {
		in := append([]string{"--net=" + space, "ip"}, strings.Fields(args)...)
		if out, err := exec.CommandContext(t.Context(), "nsenter", in...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v: %s", args, err, out)
		}
	}
	return space
}
