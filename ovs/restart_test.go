// SPDX-License-Identifier: Apache-2.0

package ovs_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestDatabaseServerKilledAndRestarted(t *testing.T) {
	host, sw := openBridge(t)
	ctx := limited(t, 4*time.Minute)
	names := veths(t, 4)
	must(t, sw.AddPort(ctx, ovs.Port{Name: names[0], OFPort: 100}))
	for i := 1; i < len(names); i++ {
		host.Kill(ovstest.Database)
		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		wantCode(t, sw.AddPort(short, ovs.Port{Name: names[i]}), linkspan.Unavailable)
		cancel()

		waiting := make(chan error, 1) // one that waits through the restart
		go func() { waiting <- sw.AddPort(ctx, ovs.Port{Name: names[i], OFPort: uint32(100 + i)}) }()
		host.Restart(ovstest.Database)
		must(t, <-waiting)
		ports, err := sw.Ports(ctx)
		must(t, err)
		if len(ports) != i+1 {
			t.Fatalf("after restart %d the switch shows %d ports: %v", i, len(ports), ports)
		}
	}
	must(t, sw.EnsureBridge(ctx, ovs.BridgeSpec{DPID: dpid}))
	must(t, sw.DelPorts(ctx, names))
	wantBridge(t, host.Vsctl)
}

func TestDatabaseServerHangs(t *testing.T) {
	host, sw := openBridge(t)
	name := veths(t, 1)[0]
	host.Pause(ovstest.Database)
	short, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	wantCode(t, sw.AddPort(short, ovs.Port{Name: name, OFPort: 100}), linkspan.Unavailable)
	host.Resume(ovstest.Database)
	must(t, sw.AddPort(limited(t, time.Minute), ovs.Port{Name: name, OFPort: 101}))
}

func TestDatabaseChangedWhileAway(t *testing.T) {
	host, sw := openBridge(t)
	ctx := limited(t, time.Minute)
	names := veths(t, 2)
	must(t, sw.AddPorts(ctx, []ovs.Port{{Name: names[0], OFPort: 100}, {Name: names[1], OFPort: 101}}))
	// Another writer removes a port right after the restart, before or while we
	// connect again: the replica must show the truth of the new connection.
	host.Kill(ovstest.Database)
	host.Restart(ovstest.Database)
	host.Vsctl("del-port", "br-link", names[0])
	ovstest.Eventually(t, "the replica shows one port", func() bool {
		ports, err := sw.Ports(ctx)
		return err == nil && len(ports) == 1 && ports[0].Name == names[1]
	})
}

func TestSwitchDaemonKilledAndRestarted(t *testing.T) {
	host, sw := openBridge(t)
	ctx := limited(t, 2*time.Minute)
	names := veths(t, 3)
	must(t, sw.AddPort(ctx, ovs.Port{Name: names[0], OFPort: 100}))
	host.Kill(ovstest.Daemon)

	short, cancel := context.WithCancel(ctx)
	given := make(chan error, 1)
	go func() { given <- sw.AddPort(short, ovs.Port{Name: names[1], OFPort: 101}) }()
	ovstest.Eventually(t, "the database has the second", func() bool { return strings.Contains(host.Vsctl("list-ports", "br-link"), names[1]) })
	cancel()
	wantCode(t, <-given, linkspan.Unavailable)
	_, err := sw.Channel(ctx)
	wantCode(t, err, linkspan.Unavailable)

	waiting := make(chan error, 1)
	go func() { waiting <- sw.AddPort(ctx, ovs.Port{Name: names[2], OFPort: 102}) }()
	host.Restart(ovstest.Daemon)
	must(t, <-waiting)
	used, err := sw.OFPorts(ctx)
	must(t, err)
	for i, name := range names { // the second is there too: its caller was told it might
		if used[uint32(100+i)] != name {
			t.Errorf("port numbers after the restart: %v", used)
		}
	}
	conn, err := sw.Channel(ctx)
	must(t, err)
	must(t, conn.Close())
}

func TestOpenWithoutDatabase(t *testing.T) {
	_, err := ovs.Open(limited(t, 200*time.Millisecond), ovs.Config{RunDir: t.TempDir()})
	wantCode(t, err, linkspan.Unavailable)
	if linkspan.HintOf(err) == "" {
		t.Error("the error does not say what to do")
	}
}

func TestCloseEndsWaitingCalls(t *testing.T) {
	host := ovstest.Start(t)
	sw, err := ovs.Open(limited(t, time.Minute), ovs.Config{RunDir: host.RunDir})
	must(t, err)
	host.Kill(ovstest.Database)
	waiting := make(chan error, 3)
	go func() { waiting <- sw.AddPort(context.Background(), ovs.Port{Name: "lsh-x"}) }()
	go func() { waiting <- sw.DelPort(context.Background(), "lsh-x") }()
	go func() { waiting <- sw.EnsureBridge(context.Background(), ovs.BridgeSpec{DPID: dpid}) }()
	sw.Close()
	for range cap(waiting) {
		wantCode(t, <-waiting, linkspan.Unavailable)
	}
}
