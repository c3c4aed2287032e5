// SPDX-License-Identifier: Apache-2.0

package ovs_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// Two containers hold a TCP conversation through the bridge, which is what
// fails when the offloads are wrong, with the shield up, which must not be in
// the bridge's way. With userspace TSO they do so with offloads and without.
func TestContainersTalkThroughTheBridge(t *testing.T) {
	for name, c := range map[string]struct {
		tso  bool
		with []netns.Offload
	}{
		"without TSO": {false, []netns.Offload{netns.OffloadNone}},
		"with TSO":    {true, []netns.Offload{netns.OffloadStream, netns.OffloadNone, netns.OffloadStream}},
	} {
		t.Run(name, func(t *testing.T) { talkThroughTheBridge(t, c.tso, c.with) })
	}
}

func talkThroughTheBridge(t *testing.T, tso bool, with []netns.Offload) {
	host, sw := openBridge(t)
	ctx := limited(t, time.Minute)
	if tso {
		must(t, sw.RemoveBridge(ctx))
		must(t, sw.SetUserspaceTSO(ctx, true))
		must(t, sw.EnsureBridge(ctx, ovs.BridgeSpec{DPID: dpid}))
	}
	must(t, netns.EnsureShield(ctx, []string{netns.HostPrefix}))
	defer func() { must(t, netns.RemoveShield(ctx)) }()
	var (
		boxes        [2]*netns.Sandbox
		names, paths [2]string
		err          error
	)
	for i := range boxes {
		name, peer := netns.Names(fmt.Sprint("talk", i))
		names[i] = name
		must(t, netns.CreateVeth(ctx, netns.Veth{Host: name, Peer: peer, MTU: 1450, Offload: with[0]}))
		defer func() { must(t, netns.DeleteVeth(ctx, name)) }()
		must(t, sw.AddPort(ctx, ovs.Port{Name: name, OFPort: uint32(100 + i)}))
		paths[i] = ovstest.Namespace(t)
		boxes[i], err = netns.Open(paths[i])
		must(t, err)
		defer func() { must(t, boxes[i].Close()) }()
		must(t, boxes[i].Take(peer, "eth0"))
		must(t, boxes[i].Do(func() error {
			ovstest.IP(t, "address", "add", fmt.Sprintf("10.7.0.%d/24", i+1), "dev", "eth0")
			ovstest.IP(t, "link", "set", "eth0", "up")
			return nil
		}))
	}
	host.Ofctl("add-flow", "br-link", "actions=NORMAL")
	for _, o := range with {
		for i := range boxes {
			must(t, netns.SetOffload(paths[i], names[i], o))
		}
		converse(t, boxes[0], boxes[1])
	}
}

func converse(t *testing.T, server, client *netns.Sandbox) {
	t.Helper()
	const size = 1 << 20
	var listener net.Listener
	must(t, server.Do(func() (err error) {
		listener, err = net.Listen("tcp4", "10.7.0.1:80")
		return err
	}))
	defer func() { must(t, listener.Close()) }()
	got := make(chan int, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			got <- -1
			return
		}
		data, _ := io.ReadAll(conn)
		_ = conn.Close()
		got <- len(data)
	}()
	must(t, client.Do(func() error {
		conn, err := (&net.Dialer{Timeout: 30 * time.Second}).Dial("tcp4", "10.7.0.1:80")
		if err != nil {
			return err
		}
		_, err = conn.Write(make([]byte, size))
		return errors.Join(err, conn.Close())
	}))
	if n := <-got; n != size {
		t.Errorf("%d bytes arrived of %d", n, size)
	}
}
