// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan/ovs/ovstest"
)

// VLANs keep stations apart, on access and trunk ports and through the interface that
// routes, and isolated ports are apart from one another.
func TestVLANs(t *testing.T) {
	h := start(t)
	a := plug(t, "eth1", "192.0.2.11/24")
	b := plug(t, "eth2", "192.0.2.12/24")
	c := plug(t, "eth3", "192.0.2.13/24")
	trunk := plug(t, "eth4", "192.0.2.14/24") // without a tag it is in VLAN 20
	// The kernel may have no VLAN links: a bridge inside the station takes off the tag.
	h.commit(`set vlans 10 interface address 192.0.2.1/24
set vlans 20 description guests
set ports eth1 vlan 10
set ports eth2 vlan 10
set ports eth3 vlan 20
set ports eth4 mode native-untagged
set ports eth4 native-vlan 20
set ports eth4 allowed-vlans 10,20`)
	ovstest.IP(t, "address", "add", "192.0.2.1/24", "dev", "vlan10") // package link's part
	ovstest.IP(t, "link", "set", "vlan10", "up")
	a.must("192.0.2.12")
	a.must("192.0.2.1")
	c.must("192.0.2.14")
	a.never("192.0.2.13")
	c.never("192.0.2.1")
	trunk.never("192.0.2.11")

	h.commit("set ports eth1 isolated true\nset ports eth2 isolated true")
	a.must("192.0.2.1")
	a.noMore("192.0.2.12")

	h.commit("delete ports eth1 isolated\nset ports eth3 vlan 10\nset ports eth4 native-vlan 10")
	a.must("192.0.2.13")
	a.must("192.0.2.14")
	b.must("192.0.2.1")
	if own := h.received(Name); own > 0 {
		t.Errorf("the bridge's own port got %d frames", own)
	}
}

// received returns how many packets a device of the host has got.
func (h *host) received(device string) int {
	return station{h.t, "/proc/self/ns/net"}.received(device)
}

// A loop of two bridges is broken by the spanning tree, and the other way is taken when a
// cable breaks.
func TestSpanningTree(t *testing.T) {
	h := start(t)
	for _, n := range []string{"1", "2"} {
		ovstest.IP(t, "link", "add", "loop"+n, "type", "veth", "peer", "name", "other"+n)
		t.Cleanup(func() { gone("loop" + n) })
		ovstest.IP(t, "link", "set", "loop"+n, "up")
		ovstest.IP(t, "link", "set", "other"+n, "up")
	}
	a, b := plug(t, "eth1", "192.0.2.11/24"), plug(t, "eth2", "192.0.2.12/24")
	h.Vsctl("add-br", "br-other", "--", "set", "bridge", "br-other", "datapath_type="+h.part.Datapath, "rstp_enable=true", "other_config:rstp-priority=8192")
	h.Vsctl("add-port", "br-other", "eth2", "tag=1", "--", "add-port", "br-other", "other1", "--", "add-port", "br-other", "other2")
	h.commit(`set spanning-tree enabled true
set spanning-tree priority 4096
set ports eth1 spanning-tree edge yes
set ports loop1 mode trunk
set ports loop2 mode trunk`)
	a.must("192.0.2.12")
	roles := func() string {
		return h.get("port", "other1", "rstp_status:rstp_port_role") + " " + h.get("port", "other2", "rstp_status:rstp_port_role")
	}
	ovstest.Eventually(t, "one of the two ways is closed", func() bool {
		r := roles()
		return strings.Contains(r, "Root") && strings.Contains(r, "Alternate")
	})
	ovstest.Eventually(t, "few frames come over the loop for an echo request", func() bool { // who tells the tree may have to catch up
		before := h.received("loop1") + h.received("loop2")
		a.must("192.0.2.12")
		return h.received("loop1")+h.received("loop2")-before <= 200
	})
	used := "loop1"
	if strings.HasPrefix(roles(), "Alternate") {
		used = "loop2"
	}
	ovstest.IP(t, "link", "set", used, "down")
	a.must("192.0.2.12")
	b.must("192.0.2.11")
}

// A bond that speaks LACP goes on when one of its two devices is lost.
func TestBond(t *testing.T) {
	h := start(t)
	for _, n := range []string{"1", "2"} {
		ovstest.IP(t, "link", "add", "leg"+n, "type", "veth", "peer", "name", "other"+n)
		t.Cleanup(func() { gone("leg" + n) })
		ovstest.IP(t, "link", "set", "leg"+n, "up")
		ovstest.IP(t, "link", "set", "other"+n, "up")
	}
	a := plug(t, "eth1", "192.0.2.11/24")
	plug(t, "eth2", "192.0.2.12/24")
	h.Vsctl("add-br", "br-other", "--", "set", "bridge", "br-other", "datapath_type="+h.part.Datapath, "--", "add-port", "br-other", "eth2", "tag=1",
		"--", "add-bond", "br-other", "bond0", "other1", "other2", "lacp=active", "bond_mode=balance-tcp", "other_config:lacp-time=fast")
	h.commit(`set ports eth1 description x
set ports lag mode trunk
set ports lag bond member leg1
set ports lag bond member leg2
set ports lag bond mode balance-tcp
set ports lag bond lacp active
set ports lag bond lacp-time fast`)
	ovstest.Eventually(t, "LACP agrees", func() bool {
		return h.get("interface", "leg1", "lacp_current") == "true" && h.get("interface", "leg2", "lacp_current") == "true"
	})
	a.must("192.0.2.12")
	for _, n := range []string{"1", "2"} {
		ovstest.IP(t, "link", "set", "leg"+n, "down")
		a.must("192.0.2.12")
		ovstest.IP(t, "link", "set", "leg"+n, "up")
		ovstest.Eventually(t, "LACP agrees again", func() bool { return h.get("interface", "leg"+n, "lacp_current") == "true" })
	}
}

// The port of a mirror gets copies of what is asked for, and nothing else.
func TestMirror(t *testing.T) {
	h := start(t)
	a, b := plug(t, "eth1", "192.0.2.11/24"), plug(t, "eth2", "192.0.2.12/24")
	analyser := plug(t, "eth9", "")
	h.commit(`set vlans 10 description a
set ports eth1 vlan 10
set ports eth2 vlan 10
set ports eth9 description analyser
set mirrors m from-port eth1
set mirrors m output-port eth9`)
	a.must("192.0.2.12")
	ovstest.Eventually(t, "copies come", func() bool { return analyser.received("eth0") >= 2 })
	h.commit("delete mirrors m from-port\nset mirrors m vlans 20")
	ovstest.Eventually(t, "no frames of other VLANs are copied", func() bool { // after those of before the commit
		before := analyser.received("eth0")
		b.must("192.0.2.11")
		return analyser.received("eth0") == before
	})
}

// Collectors are told what passes.
func TestCollectors(t *testing.T) {
	h := start(t)
	a := plug(t, "eth1", "192.0.2.11/24")
	plug(t, "eth2", "192.0.2.12/24")
	commands := `set ports eth1 description x
set ports eth2 description x
`
	heard := map[string]net.PacketConn{}
	for _, kind := range []string{"sflow", "netflow", "ipfix"} {
		conn, err := new(net.ListenConfig).ListenPacket(context.Background(), "udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		heard[kind] = conn
		_, port, _ := net.SplitHostPort(conn.LocalAddr().String())
		commands += "set flow-export " + kind + " collectors 127.0.0.1 port " + port + "\n"
	}
	h.commit(commands + `set flow-export sflow sampling 1
set flow-export sflow polling 1s
set flow-export ipfix sampling 1
set flow-export ipfix domain 7
set flow-export netflow active-timeout 1s`)
	for kind, version := range map[string]int{"sflow": 5, "netflow": 5, "ipfix": 10} {
		a.must("192.0.2.12")
		datagram := make([]byte, 65535)
		_ = heard[kind].SetReadDeadline(time.Now().Add(time.Minute))
		n, _, err := heard[kind].ReadFrom(datagram)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		have := int(datagram[0])<<8 | int(datagram[1])
		if kind == "sflow" { // its version has four bytes
			have = int(datagram[2])<<8 | int(datagram[3])
		}
		if have != version || n < 24 {
			t.Errorf("%s: %d bytes of version %d", kind, n, have)
		}
	}
}
