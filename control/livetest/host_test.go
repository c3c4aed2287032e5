// SPDX-License-Identifier: Apache-2.0

package livetest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

const schema = "/usr/share/openvswitch/vswitch.ovsschema"

// require skips where a test cannot run, and says what is missing.
func require(t testing.TB) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root, for network namespaces")
	}
	for _, tool := range []string{"ip", "ping", "bridge", "ethtool", "ovsdb-tool", "ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ovs-ofctl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s in PATH", tool)
		}
	}
	if _, err := os.Stat(schema); err != nil {
		t.Skipf("needs %s", schema)
	}
}

// run runs a command and returns its output; it must succeed.
func run(t testing.TB, command ...string) string {
	t.Helper()
	out, err := try(t, command...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
	return out
}

func try(t testing.TB, command ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
	return string(out), err
}

// eventually waits until ok.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// namespaces numbers those of all tests, which run beside each other.
var namespaces atomic.Int32

// namespace makes a network namespace that goes with the test.
func namespace(t testing.TB, name string) string {
	t.Helper()
	ns := fmt.Sprintf("lslive-%d-%d-%s", os.Getpid(), namespaces.Add(1), name)
	run(t, "ip", "netns", "add", ns)
	t.Cleanup(func() { _, _ = try(t, "ip", "netns", "del", ns) })
	run(t, "ip", "-n", ns, "link", "set", "lo", "up")
	return ns
}

// host is a chassis with its switch.
type host struct {
	t   testing.TB
	id  linkspan.ChassisID
	ns  string // "": that of the test
	dir string // of the switch's sockets

	vswitchd func() // ends it and waits
}

// newHost starts a switch with the bridge that the controller expects.
func newHost(t testing.TB, id linkspan.ChassisID) *host {
	t.Helper()
	return newHostIn(t, id, namespace(t, fmt.Sprint("h", id)), "netdev")
}

// newHostIn does so in a namespace, with a datapath of a type and what ovs-vswitchd needs
// to be told for that.
func newHostIn(t testing.TB, id linkspan.ChassisID, ns, datapath string, told ...string) *host {
	t.Helper()
	dir := t.TempDir()
	h := &host{t: t, id: id, ns: ns, dir: dir}
	db, sock := filepath.Join(dir, "conf.db"), filepath.Join(dir, "db.sock")
	run(t, "ovsdb-tool", "create", db, schema)
	h.start("ovsdb-server", db, "--remote=punix:"+sock)
	h.await(sock)
	h.vsctl("--no-wait", "init")
	h.vswitchd = h.start("ovs-vswitchd", append(told, "unix:"+sock)...)
	h.vsctl("add-br", "br-link", "--", "set", "bridge", "br-link", "datapath_type="+datapath,
		"fail_mode=secure", "protocols=OpenFlow13", "other_config:disable-in-band=true",
		"other_config:datapath-id="+id.DPID().String())
	h.await(h.channel())
	return h
}

// channel is where the bridge takes OpenFlow connections.
func (h *host) channel() string { return filepath.Join(h.dir, "br-link.mgmt") }

func (h *host) await(path string) {
	h.t.Helper()
	eventually(h.t, path, func() bool { _, err := os.Stat(path); return err == nil })
}

// restart kills ovs-vswitchd and starts another, which has no flows.
func (h *host) restart() {
	h.t.Helper()
	h.vswitchd()
	_ = os.Remove(h.channel())
	h.vswitchd = h.start("ovs-vswitchd", "unix:"+filepath.Join(h.dir, "db.sock"))
	h.await(h.channel())
}

// start runs a daemon in the host's namespace until the test ends, or until
// the returned function is called.
func (h *host) start(name string, args ...string) (end func()) {
	h.t.Helper()
	command := append([]string{name, "-vconsole:off"}, args...)
	if h.ns != "" {
		command = append([]string{"ip", "netns", "exec", h.ns}, command...)
	}
	cmd := exec.CommandContext(context.Background(), command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "OVS_RUNDIR="+h.dir, "OVS_LOGDIR="+h.dir, "OVS_DBDIR="+h.dir)
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	end = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	h.t.Cleanup(end)
	return end
}

func (h *host) vsctl(args ...string) string {
	h.t.Helper()
	return run(h.t, append([]string{"ovs-vsctl", "--db=unix:" + filepath.Join(h.dir, "db.sock"), "--timeout=20"}, args...)...)
}

// flows returns the flows as ovs-ofctl prints them.
func (h *host) flows(args ...string) []string {
	h.t.Helper()
	out := run(h.t, append([]string{"ovs-ofctl", "-O", "OpenFlow13", "--no-stats", "dump-flows", "unix:" + h.channel()}, args...)...)
	return strings.Split(strings.TrimSpace(out), "\n")
}

func (h *host) port(name string, number uint32) {
	h.t.Helper()
	h.vsctl("add-port", "br-link", name, "--", "set", "interface", name, fmt.Sprintf("ofport_request=%d", number))
}

// tunnel makes the device that joins the hosts; the far ends are static.
func (h *host) tunnel(local string, far map[linkspan.ChassisID]string) {
	h.t.Helper()
	run(h.t, "ip", "-n", h.ns, "link", "add", "lsvx", "type", "vxlan", "id", "7000", "dstport", "4790", "local", local, "nolearning")
	run(h.t, "ip", "-n", h.ns, "link", "set", "lsvx", "mtu", "1450", "up")
	for id, address := range far {
		run(h.t, "ip", "netns", "exec", h.ns, "bridge", "fdb", "add", id.TunnelMAC().String(), "dev", "lsvx", "dst", address)
	}
	h.port("lsvx", linkspan.TunnelPort)
}

// direct makes the port of the direct transport, a child of the underlay's link.
func (h *host) direct() {
	h.t.Helper()
	run(h.t, "ip", "-n", h.ns, "link", "add", "lsdx", "link", "up0", "address", h.id.DirectMAC().String(), "type", "macvlan", "mode", "private")
	run(h.t, "ip", "netns", "exec", h.ns, "sysctl", "-qw", "net.ipv6.conf.lsdx.disable_ipv6=1")
	run(h.t, "ip", "-n", h.ns, "link", "set", "lsdx", "up")
	h.port("lsdx", linkspan.DirectPort)
}

// container makes a namespace with an interface at a port of the host.
func (h *host) container(name string, e *linkspan.Endpoint) string {
	h.t.Helper()
	ns := namespace(h.t, name)
	outside := fmt.Sprint("p", e.Port)
	run(h.t, "ip", "-n", h.ns, "link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", ns)
	run(h.t, "ip", "netns", "exec", h.ns, "sysctl", "-qw", "net.ipv6.conf."+outside+".disable_ipv6=1")
	run(h.t, "ip", "-n", ns, "link", "set", "eth0", "address", e.MAC.String(), "mtu", "1450", "up")
	run(h.t, "ip", "-n", ns, "addr", "add", e.Address.String()+"/24", "dev", "eth0")
	run(h.t, "ip", "netns", "exec", ns, "ethtool", "-K", "eth0", "tx", "off")
	run(h.t, "ip", "-n", h.ns, "link", "set", outside, "up")
	h.port(outside, e.Port)
	return ns
}

// dial connects to the bridge as the switch process does.
func (h *host) dial() net.Conn {
	h.t.Helper()
	conn, err := new(net.Dialer).DialContext(h.t.Context(), "unix", h.channel())
	if err != nil {
		h.t.Fatal(err)
	}
	return conn
}
