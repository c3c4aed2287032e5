// SPDX-License-Identifier: Apache-2.0

package forward_test

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/forward"
	"github.com/linkspan/linkspan/nos/show"
	"github.com/linkspan/linkspan/ovs/ovstest"
	"github.com/linkspan/linkspan/wire/packet"
)

// mac is the address of a station.
func mac(n byte) packet.MAC { return packet.MAC{2, 0, 0, 0, 0, n} }

// datagram is a frame from one station to another one.
func datagram(from, to byte, dst packet.MAC, port uint16, mark string) []byte {
	h := &packet.Head{EthSrc: mac(from), EthDst: dst, Src: netip.AddrFrom4([4]byte{192, 0, 2, from}), Dst: netip.AddrFrom4([4]byte{192, 0, 2, to})}
	return packet.AppendUDP(nil, h, 4000, port, []byte(mark))
}

// unlisted is a frame to all that no list is about.
func unlisted(mark string) []byte {
	return append(packet.AppendARPRequest(nil, mac(9), netip.MustParseAddr("192.0.2.9"), netip.MustParseAddr("192.0.2.99")), mark...)
}

// TestStorms: of what is for many, a port passes as much as it may, and all of the rest.
func TestStorms(t *testing.T) {
	s := open(t)
	s.station("1", "tag=1")
	s.station("2", "tag=1")
	s.commit("set ports eth1 storm-control broadcast 50\nset ports eth1 storm-control multicast 50\nset ports eth1 storm-control unknown-unicast 50\nset ports eth2\n")
	one, two := listen(t, "h1"), listen(t, "h2")
	two.send(datagram(2, 1, mac(1), 9, "hello")) // is known from now on
	burst := func() {
		for name, dst := range map[string]packet.MAC{"broadcast": packet.Broadcast(), "multicast": {1, 0, 0x5e, 0, 0, 9}, "unknown": mac(77)} {
			began := time.Now()
			for range 1000 {
				one.send(datagram(1, 2, dst, 9, name))
			}
			got := two.hear(name, func(last string) { one.send(datagram(1, 2, mac(2), 9, last)) })
			most := 50 + 50*int(time.Since(began)/time.Second+1) // a second's at once, and then as they come
			if got == 0 || got > most {
				t.Errorf("%s: %d frames came, not 1 to %d", name, got, most)
			}
		}
	}
	burst()
	for i := range 200 { // one by one: a busy host loses some of many
		if one.send(datagram(1, 2, mac(2), 9, "known")); !two.hearOne("known") {
			t.Fatalf("known: frame %d did not come", i)
		}
	}
	for line := range strings.Lines(shown(s, "storm", "eth1")) {
		if strings.HasPrefix(line, "eth1") && !regexp.MustCompile(`^eth1 +(broadcast|multicast|unknown-unicast) +50 +\d+ +\d+\n`).MatchString(line) {
			t.Errorf("shown: %q", line)
		}
	}
	ovstest.Eventually(t, "what did not come is counted", func() bool { // some may be lost before they are counted
		if slices.ContainsFunc(storms(s), func(r forward.StormReport) bool { return r.Dropped < 100 }) {
			burst()
			return false
		}
		return true
	})
}

// TestInputRate: of what a port sends so many bits come.
func TestInputRate(t *testing.T) {
	s := open(t)
	s.station("1", "tag=1")
	s.station("2", "tag=1")
	s.commit("set ports eth1 qos input-rate 1M\nset ports eth1 qos input-burst 400k\nset ports eth2\n")
	one, two := listen(t, "h1"), listen(t, "h2")
	mark := strings.Repeat("x", 1000)
	began := time.Now()
	for range 1000 {
		one.send(datagram(1, 2, packet.Broadcast(), 9, mark))
	}
	got := two.hear(mark, func(last string) { one.send(datagram(1, 2, packet.Broadcast(), 9, last)) })
	most := 50 + 130*int(time.Since(began)/time.Second+1) // 400 kbit at once, and then as they come
	if got == 0 || got > most {
		t.Errorf("%d frames came, not 1 to %d", got, most)
	}
	if d := s.drift(); d != "" {
		t.Error(d)
	}
}

// TestAccessLists: what a list of a port denies does not come, from other ports it does.
func TestAccessLists(t *testing.T) {
	s := open(t)
	for _, n := range []string{"1", "2", "3"} {
		s.station(n, "tag=1")
	}
	const ports = "set ports eth1 acl-in web\nset ports eth2\nset ports eth3\nset acls web rules 10 protocol udp\n" +
		"set acls web rules 10 destination-port 80-81\nset acls web rules 10 destination 192.0.2.0/24\nset acls web rules 20 action deny\nset acls web rules 20 source 192.0.2.9/32\n"
	s.commit(ports + "set acls web rules 10 action permit\n")
	one, two, three := listen(t, "h1"), listen(t, "h2"), listen(t, "h3")
	passes := func(from *socket, frame []byte, mark string) bool {
		from.send(frame)
		return two.hear(mark, func(last string) { from.send(unlisted(last)) }) == 1
	}
	arp := packet.AppendARPRequest(nil, mac(1), netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"))
	for _, c := range []struct {
		name  string
		from  *socket
		frame []byte
		want  bool
	}{
		{"permitted", one, datagram(1, 2, mac(2), 81, "permitted"), true},
		{"another port", one, datagram(1, 2, mac(2), 82, "another port"), false},
		{"from elsewhere", three, datagram(3, 2, mac(2), 82, "from elsewhere"), true},
		{string(arp[len(arp)-4:]), one, arp, true},
		{"group", one, datagram(1, 2, packet.Broadcast(), 82, "group"), false},
	} {
		if got := passes(c.from, c.frame, c.name); got != c.want {
			t.Errorf("%q passes: %v", c.name, got)
		}
	}
	want := []forward.RuleReport{{ACL: "web", Number: "10", Action: "permit", Packets: 1}, {ACL: "web", Number: "20", Action: "deny"}, {ACL: "web", Action: "deny", Packets: 2}}
	var got []forward.RuleReport
	ovstest.Eventually(t, "the frames are counted", func() bool {
		var err error
		got, err = s.part.ACLs(s.ctx)
		s.must(err)
		for i := range got {
			got[i].Bytes = 0
		}
		return cmp.Equal(want, got)
	})
	shown := shown(s, "acl")
	for _, want := range []string{"web  eth1", "web  10       permit        1", "web  20       deny          0", "web  default  deny          2"} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is not shown:\n%s", want, shown)
		}
	}
	s.commit(ports + "set acls web rules 10 action deny\nset acls web default permit\n")
	ovstest.Eventually(t, "the changed list holds", func() bool { // what is cached is looked at within a moment
		return !passes(one, datagram(1, 2, mac(2), 80, "now denied"), "now denied") && passes(one, datagram(1, 2, mac(2), 82, "now permitted"), "now permitted")
	})
}

// TestVLANsAreKeptApart: by the guard, whatever Open vSwitch is told of the port.
func TestVLANsAreKeptApart(t *testing.T) {
	s := open(t)
	for _, n := range []string{"1", "2"} {
		s.station(n)
	}
	s.commit("set vlans 10\nset vlans 20\nset ports eth1 mode trunk\nset ports eth1 allowed-vlans 10\nset ports eth2 mode trunk\n")
	one, two := listen(t, "h1"), listen(t, "h2")
	tagged := func(vlan uint16, mark string) []byte {
		h := &packet.Head{EthSrc: mac(1), EthDst: packet.Broadcast(), Src: netip.MustParseAddr("192.0.2.1"), Dst: netip.MustParseAddr("192.0.2.2"), VLAN: vlan}
		return packet.AppendUDP(nil, h, 1, 2, []byte(mark))
	}
	for _, c := range []struct {
		name  string
		frame []byte
		want  int
	}{
		{"allowed", tagged(10, "allowed"), 1}, {"not allowed", tagged(20, "not allowed"), 0}, {"no tag", tagged(0, "no tag"), 0},
		{"for bridges alone", append([]byte{1, 0x80, 0xc2, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x81, 0, 0, 10, 0x88, 0xcc}, "for bridges alone"...), 0},
		{"from a group", append([]byte{2, 0, 0, 0, 0, 2, 3, 0, 0, 0, 0, 1, 0x81, 0, 0, 10, 0x88, 0xb5}, "from a group"...), 0},
	} {
		one.send(c.frame)
		if got := two.hear(c.name, func(last string) { one.send(tagged(10, last)) }); got != c.want {
			t.Errorf("%s: %d frames came", c.name, got)
		}
	}
}

// TestNeighbourDiscoveryPassesLists: a list for IPv6 that denies all but some does not cut its stations off.
func TestNeighbourDiscoveryPassesLists(t *testing.T) {
	s := open(t)
	s.station("1", "tag=1")
	s.station("2", "tag=1")
	s.commit("set ports eth1 acl-in six\nset ports eth2\nset acls six rules 1 action permit\nset acls six rules 1 source 2001:db8::/32\n")
	one, two := listen(t, "h1"), listen(t, "h2")
	message := func(src string, kind byte, mark string) []byte {
		h := &packet.Head{EthSrc: mac(1), EthDst: packet.MAC{0x33, 0x33, 0, 0, 0, 1}, Src: netip.MustParseAddr(src), Dst: netip.MustParseAddr("ff02::1"), TTL: 255}
		return packet.AppendIP(nil, h, packet.ProtoICMPv6, append([]byte{kind, 0, 0, 0, 0, 0, 0, 0}, mark...))
	}
	for _, c := range []struct {
		src  string
		kind byte
		want int
	}{{"2001:db8::1", 128, 1}, {"fe80::1", 128, 0}, {"fe80::1", 135, 1}, {"fe80::1", 136, 1}, {"fe80::1", 134, 0}} {
		mark := fmt.Sprint(c)
		one.send(message(c.src, c.kind, mark))
		if got := two.hear(mark, func(last string) { one.send(unlisted(last)) }); got != c.want {
			t.Errorf("type %d from %s: %d came", c.kind, c.src, got)
		}
	}
}

// shown returns what people read.
func shown(s *scene, name string, args ...string) string {
	s.t.Helper()
	c, err := show.NewCatalogue(s.part.Shows()...)
	s.must(err)
	report, err := c.Show(s.ctx, name, args)
	s.must(err)
	if _, err := c.Show(s.ctx, name, []string{"nobody"}); linkspan.CodeOf(err) != linkspan.NotFound {
		s.t.Errorf("show %s nobody: %v", name, err)
	}
	return report.Text(80)
}

func storms(s *scene) []forward.StormReport {
	s.t.Helper()
	list, err := s.part.Storms(s.ctx)
	s.must(err)
	if len(list) == 0 {
		s.t.Error("no limit is told of")
	}
	return list
}
