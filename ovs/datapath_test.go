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
// the bridge's way.
func TestContainersTalkThroughTheBridge(t *testing.T) {
	host, sw := openBridge(t)
	ctx := limited(t, time.Minute)
	c, err := sw.Capabilities(ctx)
	must(t, err)
	must(t, netns.EnsureShield(ctx, netns.HostPrefix))
	defer func() { must(t, netns.RemoveShield(ctx)) }()
	var boxes [2]*netns.Sandbox
	for i := range boxes {
		name, peer := netns.Names(fmt.Sprint("talk", i))
		must(t, netns.CreateVeth(ctx, netns.Veth{Host: name, Peer: peer, MTU: 1450, Offload: c.Offload()}))
		defer func() { must(t, netns.DeleteVeth(ctx, name)) }()
		must(t, sw.AddPort(ctx, ovs.Port{Name: name, OFPort: uint32(100 + i)}))
		boxes[i], err = netns.Open(ovstest.Namespace(t))
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
	converse(t, boxes[0], boxes[1])
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
