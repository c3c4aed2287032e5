// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	of "github.com/linkspan/linkspan/wire/openflow"
)

// patience bounds every wait for Open vSwitch; it is long because the machine
// may be busy, and never waited for in full when all is well.
const patience = 60 * time.Second

// schema is where Debian's package puts it.
const schema = "/usr/share/openvswitch/vswitch.ovsschema"

// vswitch is an Open vSwitch of its own: two processes, a folder for all their
// files, and a network namespace for the bridge.
type vswitch struct {
	dir string
	env []string
}

// newVswitch starts Open vSwitch with a bridge br0 on the userspace datapath.
func newVswitch(t *testing.T) *vswitch {
	t.Helper()
	for _, tool := range []string{"ovsdb-tool", "ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ovs-appctl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: the test talks to a real switch", tool)
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("not root: the switch needs a network namespace of its own")
	}
	dir := t.TempDir()
	v := &vswitch{dir: dir, env: append(os.Environ(),
		"OVS_RUNDIR="+dir, "OVS_LOGDIR="+dir, "OVS_DBDIR="+dir, "OVS_SYSCONFDIR="+dir)}
	v.run(t, "ovsdb-tool", "create", v.path("conf.db"), schema)
	v.start(t, nil, "ovsdb-server", v.path("conf.db"), "--no-chdir", "--remote=punix:"+v.path("db"), "--unixctl="+v.path("dbctl"))
	v.waitFile(t, "db")
	v.run(t, "ovs-vsctl", "--db=unix:"+v.path("db"), "--no-wait", "init")
	v.start(t, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET},
		"ovs-vswitchd", "unix:"+v.path("db"), "--no-chdir", "--unixctl="+v.path("ctl"))
	v.run(t, "ovs-vsctl", "--db=unix:"+v.path("db"), "--timeout=60", "add-br", "br0", "--",
		"set", "bridge", "br0", "datapath_type=netdev", "fail-mode=secure", "other-config:disable-in-band=true")
	v.waitFile(t, "br0.mgmt")
	return v
}

func (v *vswitch) path(name string) string { return filepath.Join(v.dir, name) }

// run runs a tool to its end.
func (v *vswitch) run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = v.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// start runs a daemon until the test ends.
func (v *vswitch) start(t *testing.T, attr *syscall.SysProcAttr, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	if attr == nil {
		attr = &syscall.SysProcAttr{}
	}
	attr.Setpgid = true
	cmd.SysProcAttr = attr
	cmd.Env = v.env
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); errors.Is(err, syscall.EPERM) {
		t.Skipf("%s may not have a network namespace of its own here: %v", name, err)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGKILL)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s: %s", name, log.String())
		}
	})
}

// waitFile waits until a file exists.
func (v *vswitch) waitFile(t *testing.T, name string) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(v.path(name)); err == nil {
			return
		}
	}
	t.Fatalf("%s did not appear", name)
}

// conntrack returns the datapath's connections.
func (v *vswitch) conntrack(t *testing.T) string {
	return v.run(t, "ovs-appctl", "-t", v.path("ctl"), "dpctl/dump-conntrack")
}

// channel is an OpenFlow connection to br0.
type channel struct {
	t    *testing.T
	conn net.Conn
	r    *of.Reader
	xid  uint32
}

// dial connects to the bridge's management socket and shakes hands.
func (v *vswitch) dial(t *testing.T) *channel {
	t.Helper()
	conn, err := net.Dial("unix", v.path("br0.mgmt"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	c := &channel{t: t, conn: conn, r: of.NewReader(conn)}
	c.send(&of.Hello{Versions: 1 << of.Version})
	var hello of.Hello
	c.await("hello", func(m of.Message) bool { return hello.Decode(m) == nil })
	if !hello.Offers(of.Version) {
		t.Fatalf("the switch offers %#x", hello.Versions)
	}
	return c
}

// send writes a message and returns its xid.
func (c *channel) send(e of.Encoder) uint32 {
	c.t.Helper()
	c.xid++
	c.write(e.Append(nil, c.xid))
	return c.xid
}

func (c *channel) write(b []byte) {
	c.t.Helper()
	if _, err := c.conn.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// await reads until a message is the one; an error message that is not wanted
// ends the test.
func (c *channel) await(what string, is func(of.Message) bool) of.Message {
	c.t.Helper()
	for {
		m, err := c.r.Next()
		if err != nil {
			c.t.Fatalf("waiting for %s: %v", what, err)
		}
		if is(m) {
			return m
		}
		var refused of.ErrorMessage
		if refused.Decode(m) == nil {
			c.t.Fatalf("waiting for %s: %v", what, &refused)
		}
	}
}

// ask sends a request and returns the reply with its xid.
func (c *channel) ask(e of.Encoder) of.Message {
	c.t.Helper()
	xid := c.send(e)
	return c.await("the reply", func(m of.Message) bool { return m.XID() == xid && m.Type() != of.TypeError })
}

// barrier waits until all that was sent is done.
func (c *channel) barrier() { c.ask(&of.BarrierRequest{}) }

// refused sends a request and returns the error it gets.
func (c *channel) refused(e of.Encoder) *of.ErrorMessage {
	c.t.Helper()
	xid := c.send(e)
	var refused of.ErrorMessage
	c.await("a refusal", func(m of.Message) bool { return m.XID() == xid && refused.Decode(m) == nil })
	return &refused
}

// flows dumps the flows of a request as lines without counters and times.
func (c *channel) flows(req of.FlowRequest) map[string]of.FlowStats {
	c.t.Helper()
	all := map[string]of.FlowStats{}
	xid := c.send(&req)
	for more := true; more; {
		m := c.await("flows", func(m of.Message) bool { return m.XID() == xid && m.Type() == of.TypeMultipartReply })
		var mp of.Multipart
		if err := mp.DecodeReply(bytes.Clone(m)); err != nil {
			c.t.Fatal(err)
		}
		var f of.FlowStats
		for body := mp.Body; len(body) > 0; {
			var err error
			if body, err = f.Next(body); err != nil {
				c.t.Fatal(err)
			}
			all[flowLine(&f)] = f
		}
		more = mp.More
	}
	return all
}
