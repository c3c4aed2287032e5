// SPDX-License-Identifier: Apache-2.0

package ovs_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// message returns an OpenFlow 1.3 message.
func message(kind byte, xid uint32, body ...byte) []byte {
	m := []byte{4, kind, 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(m[2:], uint16(8+len(body)))
	binary.BigEndian.PutUint32(m[4:], xid)
	return append(m, body...)
}

func receive(t *testing.T, r io.Reader) (kind byte, xid uint32, body []byte) {
	t.Helper()
	header := make([]byte, 8)
	if _, err := io.ReadFull(r, header); err != nil {
		t.Fatal(err)
	}
	body = make([]byte, int(binary.BigEndian.Uint16(header[2:]))-8)
	if _, err := io.ReadFull(r, body); err != nil {
		t.Fatal(err)
	}
	return header[1], binary.BigEndian.Uint32(header[4:]), body
}

// handshake proves that conn leads to our bridge: its DPID comes back.
func handshake(t *testing.T, conn net.Conn) {
	t.Helper()
	must(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	_, err := conn.Write(append(message(0, 1), message(5, 2)...)) // HELLO, FEATURES_REQUEST
	must(t, err)
	for {
		kind, _, body := receive(t, conn)
		if kind == 6 { // FEATURES_REPLY
			if got := binary.BigEndian.Uint64(body); got != uint64(dpid) {
				t.Fatalf("datapath id is %016x", got)
			}
			return
		}
	}
}

func TestRelayCarriesOpenFlow(t *testing.T) {
	host, sw := openBridge(t)
	near, far := net.Pipe()
	ctx, cancel := context.WithCancel(limited(t, time.Minute))
	defer cancel()
	ended := make(chan error, 1)
	relay := func() {
		bridge, err := sw.Channel(ctx)
		must(t, err)
		go func() { ended <- ovs.Relay(ctx, bridge, near) }()
	}
	relay()
	handshake(t, far)

	const echoes = 2000 // ECHO_REQUESTs of all lengths, many at once
	sent := make(chan error, 1)
	go func() {
		var batch []byte
		for i := range echoes {
			batch = append(batch, message(2, uint32(100+i), make([]byte, i)...)...)
		}
		_, err := far.Write(batch)
		sent <- err
	}()
	for i := range echoes {
		kind, xid, body := receive(t, far)
		if kind != 3 || xid != uint32(100+i) || len(body) != i {
			t.Fatalf("echo %d: type %d, xid %d, %d bytes", i, kind, xid, len(body))
		}
	}
	must(t, <-sent)

	host.Kill(ovstest.Daemon)
	if err := <-ended; !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset") {
		t.Errorf("the bridge went, and the relay said %v", err)
	}
	if _, err := far.Read(make([]byte, 1)); err == nil {
		t.Error("the far end is still open")
	}
	host.Restart(ovstest.Daemon)

	near, far = net.Pipe()
	relay()
	handshake(t, far)
	must(t, far.Close())
	if err := <-ended; !errors.Is(err, io.EOF) {
		t.Errorf("the far end went, and the relay said %v", err)
	}

	near, far = net.Pipe()
	relay()
	handshake(t, far)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the context ended, and the relay said %v", err)
	}
}

func TestChannelRestoresADeletedSocket(t *testing.T) {
	host, sw := openBridge(t)
	ctx := limited(t, time.Minute)
	host.Ofctl("add-flow", "br-link", "priority=9,actions=drop")
	for range 2 {
		must(t, os.Remove(filepath.Join(host.RunDir, "br-link.mgmt")))
		conn, err := sw.Channel(ctx)
		must(t, err)
		handshake(t, conn)
		must(t, conn.Close())
	}
	if flows := host.Ofctl("dump-flows", "br-link"); !strings.Contains(flows, "priority=9") {
		t.Errorf("flows were lost: %s", flows)
	}
	wantBridge(t, host.Vsctl)
}

func TestCapabilities(t *testing.T) {
	host, sw := openBridge(t)
	ctx := limited(t, time.Minute)
	c, err := sw.Capabilities(ctx)
	must(t, err)
	t.Logf("%+v\n%s", *c, strings.Join(c.Notes(), "\n"))
	if !strings.HasPrefix(host.Run("ovs-vswitchd", "--version"), "ovs-vswitchd (Open vSwitch) "+c.Version) {
		t.Errorf("version is %q", c.Version)
	}
	if got := host.Vsctl("get", "Bridge", "br-link", "datapath_type"); got != c.Datapath {
		t.Errorf("the bridge is %s and the choice %s", got, c.Datapath)
	}
	if !c.Conntrack || !c.Flush || c.MaxMeters == 0 || len(c.DatapathTypes) == 0 || !c.Links.VXLAN {
		t.Errorf("capabilities: %+v", *c)
	}
}
