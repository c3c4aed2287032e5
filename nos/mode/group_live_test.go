// SPDX-License-Identifier: Apache-2.0

package mode_test

import (
	"context"
	"net"
	"testing"

	"github.com/linkspan/linkspan/ovs/ovstest"
)

// What hosts send to many: mDNS, a broadcast of some service, DHCP. None is changed.
var (
	mdns      = net.UDPAddr{IP: net.IPv4(224, 0, 0, 251), Port: 5353}
	broadcast = net.UDPAddr{IP: net.IPv4(10, 7, 0, 255), Port: 7000}
	dhcp      = net.UDPAddr{IP: net.IPv4bcast, Port: 67}
)

// hears returns where b hears datagrams to a group, one after the other.
func (w *world) hears(to net.UDPAddr) <-chan struct{} {
	w.t.Helper()
	conn := w.socket("b", func() (net.PacketConn, error) {
		if !to.IP.IsMulticast() {
			return net.ListenUDP("udp4", &net.UDPAddr{Port: to.Port})
		}
		link, err := net.InterfaceByName("b0")
		if err != nil {
			return nil, err
		}
		return net.ListenMulticastUDP("udp4", link, &to)
	})
	w.t.Cleanup(func() { _ = conn.Close() })
	heard := make(chan struct{}, 1000)
	go func() {
		for b := make([]byte, 100); ; heard <- struct{}{} {
			if _, _, err := conn.ReadFrom(b); err != nil {
				return
			}
		}
	}()
	return heard
}

// says has a send a datagram.
func (w *world) says(from int, to net.UDPAddr) {
	w.t.Helper()
	conn := w.socket("a", func() (net.PacketConn, error) {
		return new(net.ListenConfig).ListenPacket(context.Background(), "udp4", (&net.UDPAddr{Port: from}).String())
	})
	defer conn.Close()
	_, err := conn.WriteTo([]byte("all"), &to)
	must(w.t, err)
}

// TestWhatIsForManyEndsWhereTheControllerDecides holds for all but DHCP.
func TestWhatIsForManyEndsWhereTheControllerDecides(t *testing.T) {
	w := newWorld(t)
	must(t, w.configure(vlan10()...))
	w.in("a", "ip", "route", "add", "default", "dev", "a0")
	w.reaches("a", 3)
	many, all, lease := w.hears(mdns), w.hears(broadcast), w.hears(dhcp)
	await := func(what string, from int, to net.UDPAddr, heard <-chan struct{}) {
		t.Helper()
		ovstest.Eventually(t, what+" is heard", func() bool { w.says(from, to); return len(heard) > 0 })
	}
	empty := func() {
		for _, heard := range []<-chan struct{}{many, all, lease} {
			for len(heard) > 0 {
				<-heard
			}
		}
	}
	await("mDNS", 5353, mdns, many)
	await("a broadcast", 7000, broadcast, all)
	await("DHCP", 68, dhcp, lease)
	must(t, w.configure("set control mode sdn"))
	w.reaches("a", 3) // what was on its way before has come
	empty()
	for range 3 {
		w.says(5353, mdns)
		w.says(7000, broadcast)
	}
	await("DHCP", 68, dhcp, lease)
	if len(many)+len(all) > 0 {
		t.Errorf("b heard %d of mDNS and %d broadcasts", len(many), len(all))
	}
	must(t, w.configure("set control mode traditional"))
	await("mDNS", 5353, mdns, many)
	await("a broadcast", 7000, broadcast, all)
}
