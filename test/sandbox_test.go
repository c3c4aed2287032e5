// SPDX-License-Identifier: Apache-2.0

package test

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/lab/boot"
	"github.com/linkspan/linkspan/test/harness"
)

// dockerless is a lab whose hosts have no Docker.
type dockerless struct {
	*harness.Lab
	t *testing.T
}

// typed runs linkspan on a host.
func (d dockerless) typed(host, line string) harness.Result {
	return d.Try(host, append([]string{d.Binary}, strings.Fields(line)...)...)
}

// must runs linkspan on a host and returns what it printed.
func (d dockerless) must(host, line string) string {
	d.t.Helper()
	r := d.typed(host, line)
	if r.Exit != 0 {
		d.t.Fatalf("on %s: linkspan %s: %v", host, line, r)
	}
	return r.Out
}

// pings waits until one sandbox reaches another by name.
func (d dockerless) pings(host, from, to string) {
	d.t.Helper()
	harness.Eventually(d.t, from+" reaches "+to, func() error {
		return succeeded(d.typed(host, "sandbox exec "+from+" -- ping -c 1 -W 2 "+to))
	})
}

// tracked returns how many connections the kernel tracks in a sandbox.
func (d dockerless) tracked(host, name string) string {
	d.t.Helper()
	const file = "/proc/sys/net/netfilter/nf_conntrack_count"
	return d.On(d.t, host, d.Binary, "sandbox", "exec", name, "--", "sh", "-c", "test ! -e "+file+" && echo 0 || cat "+file)
}

func TestSandboxes(t *testing.T) {
	t.Parallel()
	d := dockerless{own(t, lab.Config{Hosts: 2, NoDocker: true}), t}
	d.CLI(t, "network", "create", "--subnet", "10.7.0.0/24", "web")
	d.CLI(t, "network", "create", "--subnet", "10.7.0.0/24", "other")
	d.must("h1", "sandbox create --network web c1")
	d.must("h2", "sandbox create --network web --ip 10.7.0.9 --alias db c2")
	d.must("h2", "sandbox create --network other c3")
	d.pings("h1", "c1", "c2")
	d.pings("h1", "c1", "db.web")
	d.pings("h2", "c2", "c1")
	if r := d.typed("h2", "sandbox exec c3 -- ping -c 1 -W 1 10.7.0.9"); r.Exit == 0 {
		t.Error("networks are not apart")
	}
	if out := d.CLI(t, "endpoint", "ls", "--network", "web"); !hasAll(out, []string{"c1", "c2", "10.7.0.9", "h1", "h2", "attached"}) {
		t.Errorf("endpoints of web:\n%s", out)
	}
	for _, c := range [][2]string{{"h1", "c1"}, {"h2", "c2"}} {
		if n := d.tracked(c[0], c[1]); n != "0" {
			t.Errorf("the kernel tracks %s connections in %s", n, c[1])
		}
	}
	t.Run("an overlay", func(t *testing.T) { d.t = t; d.overlay() })
	t.Run("IPv6", func(t *testing.T) { d.t = t; d.ipv6() })
	t.Run("local networks", func(t *testing.T) { d.t = t; d.localNetworks() })
	t.Run("names beyond", func(t *testing.T) { d.t = t; d.namesBeyond() })
	t.Run("a plugin", func(t *testing.T) { d.t = t; d.plugin() })
	t.Run("a crash", func(t *testing.T) { d.t = t; d.crash() })
	t.Run("a power cut", func(t *testing.T) { d.t = t; d.powerCut() })
}

// ipv6 has sandboxes of both hosts talk by IPv6, by name and by address.
func (d dockerless) ipv6() {
	d.CLI(d.t, "network", "create", "--ipv6", "--subnet", "10.93.0.0/24", "--subnet", "fd00:93::/64", "six")
	d.must("h1", "sandbox create --network six six1")
	d.must("h2", "sandbox create --network six --ip6 fd00:93::9 six2")
	for _, to := range []string{"fd00:93::9", "six2", "six2.six"} {
		harness.Eventually(d.t, "six1 reaches "+to, func() error {
			return succeeded(d.typed("h1", "sandbox exec six1 -- ping -6 -c 1 -W 2 "+to))
		})
	}
	if out := d.CLI(d.t, "endpoint", "ls", "--network", "six"); !hasAll(out, []string{"10.93.0.2,fd00:93::2", ",fd00:93::9"}) {
		d.t.Errorf("endpoints:\n%s", out)
	}
	if out := d.must("h2", "sandbox ls --format {{.Name}}={{.Networks}}"); !strings.Contains(out, "six2=") {
		d.t.Errorf("sandboxes: %s", out)
	}
	d.must("h1", "sandbox rm six1")
	d.must("h2", "sandbox rm six2")
	d.CLI(d.t, "network", "rm", "six")
}

// overlay has sandboxes in a network that is an overlay.
func (d dockerless) overlay() {
	d.CLI(d.t, "network", "create", "--driver", "overlay", "--subnet", "10.8.0.0/24", "wire")
	d.must("h1", "network connect wire c1")
	d.must("h2", "sandbox create --network wire w2")
	d.pings("h1", "c1", "w2.wire")
	d.pings("h2", "w2", "c1")
	if n := d.tracked("h2", "w2"); n != "0" {
		d.t.Errorf("the kernel tracks %s connections in w2", n)
	}
	d.must("h2", "sandbox rm w2")
	d.must("h1", "network disconnect wire c1")
	harness.Eventually(d.t, "network rm", func() error { return succeeded(d.TryCLI("network", "rm", "wire")) })
}

// localNetworks connects and disconnects on networks of one host.
func (d dockerless) localNetworks() {
	t := d.t
	d.must("h1", "network create -d bridge --subnet 10.91.0.0/24 --label team=blue back")
	d.must("h1", "network connect --alias front back c1")
	d.must("h1", "sandbox create --network back b1")
	d.pings("h1", "b1", "front")
	d.pings("h1", "b1", "c1.back")
	if out := d.must("h1", "network ls -f label=team=blue --format {{.Name}}:{{.Driver}}:{{.Scope}}"); out != "back:bridge:local" {
		t.Errorf("network ls: %q", out)
	}
	if out := d.must("h2", "network ls -f scope=local -q"); out != "" {
		t.Errorf("a network of h1 is on h2: %q", out)
	}
	var docs []struct {
		Name string
		IPAM struct {
			Config []struct{ Subnet, Gateway string }
		}
	}
	if err := json.Unmarshal([]byte(d.must("h1", "network inspect back web")), &docs); err != nil || len(docs) != 2 ||
		docs[0].IPAM.Config[0].Subnet != "10.91.0.0/24" || docs[1].IPAM.Config[0].Subnet != "10.7.0.0/24" {
		t.Errorf("inspect back web: %+v, %v", docs, err)
	}
	for line, words := range map[string]string{
		"network rm back":                          "has active endpoints",
		"network rm web":                           "network web has endpoints",
		"network connect back c1":                  "endpoint with name c1 already exists in network back",
		"network connect nope c1":                  "network nope not found",
		"network connect back nope":                "No such sandbox: nope",
		"network disconnect back nope":             "No such sandbox: nope",
		"network create -d bridge back":            "network with name back already exists",
		"network create -d bridge web":             "network with name web already exists",
		"network create -d bogus x":                `plugin "bogus" not found`,
		"network create -d bridge --idle 5s x":     "--idle is for networks of driver linkspan",
		"network create --ipv6 --subnet fd::/64 x": "needs IPv4, also beside IPv6",
		"sandbox rm nope":                          "No such sandbox: nope",
		"sandbox exec nope -- true":                "No such sandbox: nope",
		"sandbox exec c1 -- no-such-program":       "no-such-program",
	} {
		if r := d.typed("h1", line); r.Exit != 1 || !strings.Contains(r.Err, words) {
			t.Errorf("linkspan %s: want %q, got %v", line, words, r)
		}
	}
	d.must("h1", "network disconnect back c1")
	d.must("h1", "sandbox rm b1")
	if out := d.must("h1", "network prune -f --filter label=team"); !strings.Contains(out, "Deleted Networks:\nback") {
		t.Errorf("prune: %q", out)
	}
	if r := d.TryCLI("sandbox", "ls"); r.Exit != 1 || !strings.Contains(r.Err, "this is a controller") {
		t.Errorf("beside the controller: %v", r)
	}
}

// answering is a resolver that knows one address for all names.
const answering = `import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53))
while True:
    m, asker = s.recvfrom(4096)
    end = m.index(b"\0", 12) + 5
    head = m[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0)
    s.sendto(head + m[12:end] + struct.pack("!HHHIHBBBB", 0xc00c, 1, 1, 60, 4, 192, 0, 2, 77), asker)`

// namesBeyond has the host's resolver answer what the networks do not.
func (d dockerless) namesBeyond() {
	d.On(d.t, "h1", "sh", "-c", "echo nameserver 127.0.0.1 >/run/resolv.test && mount --bind /run/resolv.test /etc/resolv.conf")
	d.t.Cleanup(func() { d.On(d.t, "h1", "umount", "/etc/resolv.conf") })
	// It ends with the node.
	d.On(d.t, "h1", "sh", "-c", "setsid python3 -c \"$0\" >/dev/null 2>&1 &", answering)
	harness.Eventually(d.t, "the host's resolver answers a sandbox", func() error {
		r := d.Try("h1", d.Binary, "sandbox", "exec", "c1", "--", "python3", "-c", "import socket; print(socket.gethostbyname('example.org'))")
		if r.Out != "192.0.2.77" {
			return errors.New(r.String())
		}
		return nil
	})
	d.pings("h1", "c1", "c2")
}

// plugin has somebody else's plugin make a network.
func (d dockerless) plugin() {
	program, err := filepath.Abs("pyplugin/plugin.py")
	if err != nil {
		d.t.Fatal(err)
	}
	const socket = "/run/docker/plugins/py.sock"
	d.On(d.t, "h1", "mkdir", "-p", filepath.Dir(socket))
	// It ends with the node, whose first process has it.
	d.On(d.t, "h1", "sh", "-c", "setsid python3 "+program+" "+socket+" >/dev/null 2>&1 &")
	harness.Eventually(d.t, "the plugin listens", func() error { return succeeded(d.Try("h1", "test", "-S", socket)) })
	d.must("h1", "network create -d py --subnet 10.95.0.0/24 pynet")
	d.must("h1", "sandbox create --network pynet p1")
	d.must("h1", "sandbox create --network pynet p2")
	d.pings("h1", "p1", "p2")
	if r := d.typed("h1", "network rm pynet"); r.Exit != 1 || !strings.Contains(r.Err, "has active endpoints") {
		d.t.Errorf("rm of a network in use: %v", r)
	}
	d.must("h1", "sandbox rm p1 p2")
	d.must("h1", "network rm pynet")
}

// crash kills the switch process: sandboxes go on, and after it too.
func (d dockerless) crash() {
	was := d.must("h1", "sandbox ls --no-trunc -o json")
	if err := d.Crash(d.t.Context(), "h1", boot.Switch); err != nil {
		d.t.Fatal(err)
	}
	if is := d.must("h1", "sandbox ls --no-trunc -o json"); is != was {
		d.t.Errorf("sandboxes were\n%s\nand are\n%s", was, is)
	}
	d.pings("h1", "c1", "c2")
}

// powerCut takes the namespaces away, and so the sandboxes with their addresses.
func (d dockerless) powerCut() {
	if err := d.PowerOff(d.t.Context(), "h1"); err != nil {
		d.t.Fatal(err)
	}
	if err := d.PowerOn(d.t.Context(), "h1"); err != nil {
		d.t.Fatal(err)
	}
	harness.Eventually(d.t, "c1 is gone with its address", func() error {
		if out := d.must("h1", "sandbox ls -q"); out != "" {
			return errors.New("sandboxes are " + out)
		}
		if out := d.CLI(d.t, "endpoint", "ls", "--switch", "h1", "-q"); out != "" {
			return fmt.Errorf("endpoints are %s", out)
		}
		return nil
	})
	d.must("h1", "sandbox create --network web c1")
	d.pings("h1", "c1", "c2")
}

// TestNetworksWithDocker types linkspan network on a host with Docker: docker
// sees the same, and refuses the same in the same words.
func TestNetworksWithDocker(t *testing.T) {
	l := shared(t)
	typed := func(argv ...string) harness.Result { return l.Try("h1", append([]string{l.Binary}, argv...)...) }
	must := func(argv ...string) string {
		t.Helper()
		r := typed(argv...)
		if r.Exit != 0 {
			t.Fatalf("linkspan %q: %v", argv, r)
		}
		return r.Out
	}
	l.Network(t, "both", "10.66.0.0/24")
	l.Run(t, "h1", "both1", "--network", "both")
	id := must("network", "create", "-d", "bridge", "--subnet", "10.67.0.0/24", "--label", "a=b", "hereonly")
	t.Cleanup(func() { l.Try("h1", "docker", "network", "rm", "hereonly") })
	if got := l.On(t, "h1", "docker", "network", "inspect", "-f", "{{.ID}} {{.Driver}} {{index .Labels \"a\"}}", "hereonly"); got != id+" linkspan-bridge b" {
		t.Errorf("docker has %q", got)
	}
	must("network", "connect", "--alias", "x", "hereonly", "both1")
	if got := must("network", "inspect", "-f", "{{range .Containers}}{{.Name}} {{.IPv4Address}}{{end}}", "hereonly"); got != "both1 10.67.0.2/24" {
		t.Errorf("inspect shows %q", got)
	}
	if got := must("network", "ls", "--filter", "name=both|hereonly", "--format", "{{.Name}} {{.Driver}} {{.Scope}}"); got != "both linkspan global\nhereonly linkspan-bridge local" {
		t.Errorf("network ls: %q", got)
	}
	face := l.On(t, "h1", "docker", "network", "inspect", "-f", "{{.ID}}", "both")
	if got := must("network", "inspect", "-f", "{{.Name}} {{.Scope}}", face); got != "both global" {
		t.Errorf("by docker's id: %q", got)
	}
	must("sandbox", "create", "--network", "both", "box")
	t.Cleanup(func() { typed("sandbox", "rm", "-f", "box") })
	harness.Eventually(t, "a sandbox reaches a container", func() error {
		return succeeded(typed("sandbox", "exec", "box", "--", "ping", "-c", "1", "-W", "2", "both1"))
	})
	if r := typed("network", "connect", "hereonly", "box"); r.Exit != 1 || !strings.Contains(r.Err, "is Docker's") {
		t.Errorf("a sandbox in a network of Docker's: %v", r)
	}
	for _, line := range []string{
		"create -d linkspan-bridge --gateway 10.0.0.1 x",
		"create -d linkspan-bridge --subnet 10.64.0.0/24 --gateway 10.65.0.1 x",
		"create -d linkspan-bridge --subnet 10.64.0.0/24 --ip-range bogus x",
		"create -d linkspan-bridge --subnet 10.64.0.0/24 --subnet 10.64.0.0/16 x",
		"create -d linkspan-bridge --subnet 10.64.0.0/24 --aux-address a=10.65.0.1 x",
		"create -d linkspan-bridge host",
		"rm nope", "rm host", "connect nope both1", "connect both nope", "connect none both1", "disconnect both nope",
		"disconnect nope both1", "disconnect -f both nope", "connect hereonly both1",
	} {
		docker := l.Try("h1", append([]string{"docker", "network"}, strings.Fields(line)...)...)
		ours := typed(append([]string{"network"}, strings.Fields(line)...)...)
		said, _, _ := strings.Cut(strings.TrimPrefix(docker.Err, "Error response from daemon: "), "\n")
		if docker.Exit != 1 || ours.Exit != 1 || !strings.HasPrefix(ours.Err, "linkspan: "+said) {
			t.Errorf("network %s:\ndocker: %v\nlinkspan: %v", line, docker, ours)
		}
	}
	must("network", "disconnect", "hereonly", "both1")
	must("network", "rm", "hereonly")
}
