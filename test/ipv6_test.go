// SPDX-License-Identifier: Apache-2.0

package test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

// address6 returns a container's IPv6 address in a network.
func address6(t *testing.T, c *harness.Container, network string) string {
	t.Helper()
	a := c.Lab.On(t, c.Host, "docker", "inspect", "-f", fmt.Sprintf("{{(index .NetworkSettings.Networks %q).GlobalIPv6Address}}", network), c.Name)
	if a == "" {
		t.Fatalf("container %s has no IPv6 address in %s", c.Name, network)
	}
	return a
}

// answers6 says whether another container answers at its IPv6 address, over tcp and udp.
func answers6(t *testing.T, from, to *harness.Container, network string) error {
	t.Helper()
	var faults []error
	for _, protocol := range []string{"tcp", "udp"} {
		if r := from.Ask(protocol, "["+address6(t, to, network)+"]"); r.Exit != 0 || r.Out != to.Name {
			faults = append(faults, fmt.Errorf("%s asks %s by %s: %v", from.Name, to.Name, protocol, r))
		}
	}
	return errors.Join(faults...)
}

func reaches6(t *testing.T, from, to *harness.Container, network string) {
	t.Helper()
	if err := answers6(t, from, to, network); err != nil {
		t.Error(err)
	}
}

// cut6 waits until a container does not answer at its IPv6 address.
func cut6(t *testing.T, from, to *harness.Container, network string) {
	t.Helper()
	at := "[" + address6(t, to, network) + "]:" + harness.Port
	harness.Eventually(t, to.Name+" does not answer "+from.Name, func() error {
		if r := from.Try("/probe", "ask", "-wait", "2s", "tcp", at); r.Exit == 0 {
			return fmt.Errorf("it does: %v", r)
		}
		return nil
	})
}

// village is a network with IPv6, made by Docker on one host, with containers on both.
type village struct {
	*harness.Lab
	network        string
	one, two, same *harness.Container // one and same on h1
}

func newVillage(t *testing.T, l *harness.Lab, name, number string, options ...string) *village {
	t.Helper()
	l.RemoveLater(t, name)
	args := []string{"docker", "network", "create", "-d", "linkspan", "--ipam-driver", "linkspan", "--ipv6",
		"--subnet", "10." + number + ".0.0/24", "--subnet", "fd00:" + number + "::/64"}
	l.On(t, "h1", append(append(args, options...), name)...)
	l.Shown(t, name)
	return &village{
		l, name, l.Run(t, "h1", name+"1", "--network", name), l.Run(t, "h2", name+"2", "--network", name),
		l.Run(t, "h1", name+"3", "--network", name, "--ip6", "fd00:"+number+"::77"),
	}
}

// TestIPv6: containers of a network with IPv6 talk by it on one host and across hosts, by
// address and by name, and nobody else does.
func TestIPv6(t *testing.T) {
	l := shared(t)
	v := newVillage(t, l, "six", "150", "--gateway", "fd00:150::1", "--ip-range", "fd00:150::100/120",
		"--aux-address", "nas=fd00:150::100", "-o", "linkspan.transport=tunnel")
	t.Run("addresses", v.addresses)
	t.Run("conversations", v.conversations)
	t.Run("names", v.names)
	t.Run("hops", v.hops)
	t.Run("large packets", v.large)
	t.Run("shown", v.shown)
	t.Run("a policy", v.policy)
	t.Run("a link and a group", v.across)
	t.Run("probes", v.probes)
	t.Run("a restart", v.restart)
}

// addresses: they come from the range, except one that was asked for, on all hosts.
func (v *village) addresses(t *testing.T) {
	for c, want := range map[*harness.Container]string{v.one: "fd00:150::101", v.two: "fd00:150::102", v.same: "fd00:150::77"} {
		if got := address6(t, c, v.network); got != want {
			t.Errorf("%s has %s, want %s", c.Name, got, want)
		}
	}
	if out := v.one.Exec(t, "ip", "-6", "route"); !strings.Contains(out, "default via fd00:150::1") {
		t.Errorf("routes of %s:\n%s", v.one.Name, out)
	}
}

func (v *village) conversations(t *testing.T) {
	all := []*harness.Container{v.one, v.two, v.same}
	for _, from := range all {
		for _, to := range all {
			if from != to {
				reaches6(t, from, to, v.network)
				from.Reaches(t, to, v.network)
			}
		}
	}
	if r := v.one.Try("ping", "-6", "-c", "1", "-W", "2", "fd00:150::99"); r.Exit == 0 {
		t.Errorf("somebody answers where nobody is: %v", r)
	}
}

// names: a name has an address of each family, and an address of either has its name.
func (v *village) names(t *testing.T) {
	two := address6(t, v.two, v.network)
	if out := v.one.Exec(t, "nslookup", "-type=aaaa", v.two.Name+"."); !strings.Contains(out, two) {
		t.Errorf("want %s of\n%s", two, out)
	}
	if out := v.one.Exec(t, "nslookup", "-type=a", v.two.Name+"."); strings.Contains(out, two) || !strings.Contains(out, v.two.Address(t, v.network)) {
		t.Errorf("want the IPv4 address alone of\n%s", out)
	}
	if out := v.one.Exec(t, "nslookup", two); !strings.Contains(out, "name = "+v.two.Name+"."+v.network) {
		t.Errorf("the name of %s:\n%s", two, out)
	}
	v.one.Echo(t, v.two.Name, "-6")
}

// hops: each host between is one.
func (v *village) hops(t *testing.T) {
	two := address6(t, v.two, v.network)
	v.one.Prints(t, func(out string) error {
		if lines := strings.Split(out, "\n"); len(lines) != 4 || !strings.Contains(lines[1], "64:ff9b:1::") || !strings.Contains(lines[2], "64:ff9b:1::") || !strings.Contains(lines[3], two) {
			return fmt.Errorf("want two hosts and the container:\n%s", out)
		}
		return nil
	}, "traceroute6", "-n", "-q", "1", "-w", "5", two)
}

// large: whole packets and fragments arrive, and a megabyte over TCP.
func (v *village) large(t *testing.T) {
	two := address6(t, v.two, v.network)
	for _, size := range []string{"1402", "4000"} {
		v.one.Echo(t, two, "-6", "-s", size)
	}
	v.two.Exec(t, "sh", "-c", "mkdir /www && dd if=/dev/urandom of=/www/big bs=1M count=2 && httpd -p [::]:80 -h /www")
	want := v.two.Exec(t, "sha256sum", "/www/big")
	if got := v.one.Exec(t, "sh", "-c", "wget -q -O - http://["+two+"]/big | sha256sum"); strings.Fields(got)[0] != strings.Fields(want)[0] {
		t.Errorf("fetched %s, want %s", got, want)
	}
}

// shown: the commands tell of both families.
func (v *village) shown(t *testing.T) {
	reaches6(t, v.one, v.two, v.network)
	one, two := address6(t, v.one, v.network), address6(t, v.two, v.network)
	for line, words := range map[string][]string{
		"network ls --format {{.Name}}={{.Subnet}},{{.Subnet6}}": {"six=10.150.0.0/24,fd00:150::/64"},
		"network inspect six":                    {`"Subnet6": "fd00:150::/64"`, `"EnableIPv6": true`, one, `"nas": "fd00:150::100"`},
		"endpoint ls --network six":              {v.one.Address(t, v.network) + "," + one, v.two.Address(t, v.network) + "," + two},
		"endpoint inspect " + two:                {v.two.Name},
		"route ls --network six --format {{.A}}": {one},
	} {
		if out := v.CLI(t, strings.Fields(line)...); !hasAll(out, words) {
			t.Errorf("linkspan %s: want %q of\n%s", line, words, out)
		}
	}
	if out := v.CLI(t, "endpoint", "ls", "--network", "six"); strings.Contains(out, "reserved") {
		t.Errorf("second addresses are listed apart:\n%s", out)
	}
}

// policy6 is about addresses of IPv6 alone.
const policy6 = `apiVersion: linkspan/v1
kind: Policy
metadata: {name: six}
spec:
  priority: 5
  action: ACTION
  from: [{cidr: "fd00:150::/64"}]
  to: [{endpoint: six2, cidr: "fd00:150::/64"}]
  ports: [PORTS]
`

// policy: one about addresses of IPv6 is followed for these, and for no others.
func (v *village) policy(t *testing.T) {
	apply := func(action, ports string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "policy.yaml")
		if err := os.WriteFile(file, []byte(strings.NewReplacer("ACTION", action, "PORTS", ports).Replace(policy6)), 0o600); err != nil {
			t.Fatal(err)
		}
		v.CLI(t, "policy", "apply", "-f", file)
	}
	t.Cleanup(func() { v.TryCLI("policy", "rm", "--force", "six") })
	ping := func() harness.Result {
		return v.one.Try("ping", "-6", "-c", "1", "-W", "2", address6(t, v.two, v.network))
	}
	reaches6(t, v.one, v.two, v.network)
	apply("deny", "tcp/7000")
	cut6(t, v.one, v.two, v.network)
	v.one.Reaches(t, v.two, v.network)
	v.one.Echo(t, address6(t, v.two, v.network), "-6") // which nothing denies
	apply("reject", "icmp6/128")
	harness.Eventually(t, "echoes are rejected", func() error {
		if r := ping(); r.Exit == 0 {
			return fmt.Errorf("one is answered: %v", r)
		}
		return nil
	})
	reaches6(t, v.one, v.two, v.network)
	reaches6(t, v.two, v.one, v.network)
	v.CLI(t, "policy", "rm", "six")
	harness.Eventually(t, "echoes pass again", func() error { return succeeded(ping()) })
}

// across: another network with IPv6 is reached by a group, or by a link, and not else.
func (v *village) across(t *testing.T) {
	const other = "sixother"
	v.Network(t, other, "10.151.0.0/24", "--ipv6", "--subnet", "fd00:151::/64")
	far := v.Run(t, "h2", "sixfar", "--network", other)
	cut6(t, v.one, far, other)
	v.CLI(t, "group", "create", "sixes", v.network, other)
	t.Cleanup(func() { v.TryCLI("group", "rm", "sixes") })
	reaches6(t, v.one, far, other)
	reaches6(t, far, v.one, v.network)
	v.CLI(t, "group", "rm", "sixes")
	cut6(t, v.one, far, other)
	v.CLI(t, "connect", "h1/"+v.one.Name, "h2/"+far.Name)
	t.Cleanup(func() { v.TryCLI("link", "clear", "h1/"+v.one.Name, "h2/"+far.Name) })
	reaches6(t, v.one, far, other)
	cut6(t, v.same, far, other)
	v.CLI(t, "link", "clear", "h1/"+v.one.Name, "h2/"+far.Name)
	cut6(t, v.one, far, other)
	v.Network(t, "sixlike", "10.152.0.0/24", "--ipv6", "--subnet", "fd00:150:0:0:8000::/65")
	if r := v.TryCLI("group", "create", "sixno", v.network, "sixlike"); r.Exit == 0 || !strings.Contains(r.Err, "their addresses overlap") {
		t.Errorf("networks of one IPv6 subnet in a group: %v", r)
	}
}

// restart: a container that is started again has addresses of both families, and is
// reached by them.
func (v *village) restart(t *testing.T) {
	v.On(t, "h2", "docker", "restart", "-t", "1", v.two.Name)
	harness.Eventually(t, "the container is reached again", func() error { return answers6(t, v.one, v.two, v.network) })
}

// TestIPv6Directly: between hosts in one layer 2 it goes without the tunnel.
func TestIPv6Directly(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2})
	v := newVillage(t, l, "sixnear", "153")
	goesBy(t, l, v.network, "direct")
	reaches6(t, v.one, v.two, v.network)
	reaches6(t, v.two, v.one, v.network)
	routeBy(t, l, v.network, "direct")
	v.one.Echo(t, address6(t, v.two, v.network), "-6", "-s", "4000")
}

// TestIPv6Refusals: each says what to type instead.
func TestIPv6Refusals(t *testing.T) {
	l := shared(t)
	for line, words := range map[string]string{
		"--ipv6 --subnet fd00:155::/64 x":                                             "needs IPv4, also beside IPv6",
		"--ipv6 --subnet 10.155.0.0/24 x":                                             "--ipv6 needs an IPv6 subnet",
		"--subnet 10.155.0.0/24 --subnet fd00:155::/64 x":                             "give --ipv6 too",
		"--ipv6 --subnet 10.155.0.0/24 --subnet fe80::/64 x":                          "link-local",
		"--ipv6 --mtu 1200 --subnet 10.155.0.0/24 --subnet fd00:155::/64 x":           "below the 1280 bytes",
		"-d overlay --ipv6 --subnet 10.155.0.0/24 --subnet fd00:155::/64 x":           "have no IPv6",
		"--ipv6 --subnet 10.155.0.0/24 --subnet fd00:155::/64 --gateway fd00:155:: x": "is not a host address",
	} {
		if r := l.TryCLI(append([]string{"network", "create"}, strings.Fields(line)...)...); r.Exit == 0 || !strings.Contains(r.Err, words) {
			t.Errorf("network create %s: want %q, got %v", line, words, r)
		}
	}
	r := l.Try("h1", "docker", "network", "create", "-d", "linkspan-overlay", "--ipam-driver", "linkspan", "--ipv6", "--subnet", "10.155.0.0/24", "--subnet", "fd00:155::/64", "x")
	if r.Exit == 0 || !strings.Contains(r.Err, "have no IPv6") {
		t.Errorf("an overlay with IPv6: %v", r)
	}
}
