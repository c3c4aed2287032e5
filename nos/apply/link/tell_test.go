// SPDX-License-Identifier: Apache-2.0

package link

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/ovs/ether"
	"github.com/linkspan/linkspan/wire/packet"
)

func TestWhatIsNewsToNeighbours(t *testing.T) {
	d := device{name: "n0", up: true, addresses: prefixes("192.0.2.1/24", "198.51.100.1/24", "2001:db8::1/64")}
	down, fewer := d, d
	down.up = false
	fewer.addresses = prefixes("192.0.2.1/24")
	equal(t, prefixes("192.0.2.1/24", "198.51.100.1/24"), d.news(device{}).addresses)
	equal(t, prefixes("192.0.2.1/24", "198.51.100.1/24"), d.news(down).addresses)
	equal(t, prefixes("198.51.100.1/24"), d.news(fewer).addresses)
	for _, none := range []device{d.news(d), down.news(device{}), fewer.news(d), device{}.news(d)} {
		equal(t, device{}, none)
	}
}

func TestNeighboursHearOfAddresses(t *testing.T) {
	w := newWorld(t)
	heard, err := ether.Open("n0p", unix.ETH_P_ARP)
	if err != nil {
		t.Fatal(err)
	}
	defer heard.Close()
	w.commit(false, "set interfaces n0 address 192.0.2.1/24")
	p, err := w.links.Telling().Plan(t.Context(), configured(t), w.now)
	if err == nil {
		err = p.Apply(t.Context())
	}
	if err == nil {
		err = heard.SetReadDeadline(time.Now().Add(time.Minute))
	}
	if err != nil {
		t.Fatal(err)
	}
	frame := make([]byte, 2048)
	n, err := heard.Read(frame)
	if err != nil {
		t.Fatal(err)
	}
	at, err := w.links.handle.LinkByName("n0")
	if err != nil {
		t.Fatal(err)
	}
	mac, address := packet.MAC(at.Attrs().HardwareAddr), addrs("192.0.2.1")[0]
	equal(t, packet.AppendARPRequest(nil, mac, address, address), frame[:n])
	w.ip("link", "del", "n0")
	if err := p.Undo(t.Context()); err != nil { // there was nothing before
		t.Error(err)
	}
}
