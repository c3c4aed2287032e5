// SPDX-License-Identifier: Apache-2.0

package test

import (
	"encoding/hex"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
	"github.com/linkspan/linkspan/wire/packet"
)

// oddPolicy has the connections tracked that the odd container opens: it may open one
// port of TCP and UDP, and ping.
const oddPolicy = `apiVersion: linkspan/v1
kind: Policy
metadata: {name: odd-open}
spec:
  priority: 20
  action: allow
  from: [{endpoint: odd}]
  to: [{network: odd}]
  ports: [tcp/7000, udp/7000, icmp/8]
---
apiVersion: linkspan/v1
kind: Policy
metadata: {name: odd-shut}
spec: {priority: 10, action: deny, to: [{network: odd}]}
`

// TestOddPackets is docs/reference/packets.md, row by row: what becomes of packets that
// no honest kernel sends, or hardly any, to a container on the same host and to one on
// another; where nothing is tracked, and where policies have connections tracked.
func TestOddPackets(t *testing.T) {
	l := shared(t)
	l.Network(t, "odd", "10.131.0.0/24")
	w := &strange{Lab: l, sender: l.Run(t, "h1", "odd", "--network", "odd"), heard: make(map[string]*harness.Terminal)}
	for _, host := range l.Hosts() {
		other := l.Run(t, host, "odd-"+host, "--network", "odd")
		w.others = append(w.others, other)
		w.heard[other.Name] = other.Open(t, "/probe", "hear", "eth0")
	}
	for _, other := range w.others {
		w.sender.Reaches(t, other, "odd")
		t.Run("untracked to "+other.Name, func(t *testing.T) { w.send(t, other, false) })
	}
	apply(t, l, oddPolicy, "odd-open", "odd-shut")
	for _, other := range w.others {
		w.sender.Reaches(t, other, "odd")
		t.Run("tracked to "+other.Name, func(t *testing.T) { w.send(t, other, true) })
	}
	w.nobodyIsPoisoned(t)
}

// strange is who sends odd packets, and who may hear them.
type strange struct {
	*harness.Lab
	sender *harness.Container
	others []*harness.Container
	heard  map[string]*harness.Terminal // frames that came, as hex
}

// send sends all odd packets to one of the others, and then an honest one, which
// arrives: what was sent before would be there.
func (w *strange) send(t *testing.T, to *harness.Container, tracked bool) {
	e := w.ends(t, to)
	list := e.odd(tracked)
	args := []string{"/probe", "frame", "eth0"}
	for _, o := range list {
		for _, frame := range o.frames {
			args = append(args, hex.EncodeToString(frame))
		}
	}
	w.sender.Exec(t, args...)
	for _, o := range list {
		if o.arrives {
			harness.Eventually(t, o.name+" arrives", func() error {
				if n := w.count(to.Name, o.text); n < o.telling() {
					return fmt.Errorf("%d of %d frames", n, o.telling())
				}
				return nil
			})
		}
	}
	last := e.text("the last")
	w.sender.Exec(t, "/probe", "frame", "eth0", hex.EncodeToString(e.ip(ip{protocol: packet.ProtoUDP, body: datagram(7000, last)})))
	harness.Eventually(t, "what is honest arrives", func() error {
		if w.count(to.Name, last) == 0 {
			return fmt.Errorf("it was not heard")
		}
		return nil
	})
	for _, o := range list {
		for _, other := range w.others {
			if n := w.count(other.Name, o.text); n > 0 && (!o.arrives && !o.anyway || other != to) {
				t.Errorf("%s: %s heard %d frames of it", o.name, other.Name, n)
			}
		}
	}
}

// count returns how many frames with the text a container has heard.
func (w *strange) count(name, text string) (n int) {
	part := hex.EncodeToString([]byte(text))
	for _, frame := range w.heard[name].Heard() {
		if strings.Contains(frame, part) {
			n++
		}
	}
	return n
}

// nobodyIsPoisoned checks that all neighbours have the router's address, and that all
// who may still reach each other.
func (w *strange) nobodyIsPoisoned(t *testing.T) {
	t.Helper()
	for _, c := range w.others {
		for line := range strings.Lines(c.Exec(t, "ip", "neigh", "show")) {
			if !strings.Contains(line, "02:ff:00:00:00:01") && !strings.Contains(line, "FAILED") {
				t.Errorf("%s has the neighbour %s", c.Name, line)
			}
		}
		w.sender.Reaches(t, c, "odd")
	}
}

// ends are whom odd packets are from and to.
type ends struct {
	name        string // of the test; texts have it
	src, dst    net.IP
	mac, router net.HardwareAddr
	victim      net.HardwareAddr
}

func (w *strange) ends(t *testing.T, to *harness.Container) *ends {
	t.Helper()
	return &ends{
		name: t.Name(), src: net.ParseIP(w.sender.Address(t, "odd")).To4(), dst: net.ParseIP(to.Address(t, "odd")).To4(),
		mac: mac(t, w.sender), victim: mac(t, to), router: router(t, w.sender, "10.131.0.1"),
	}
}

// text returns a text that no other packet has.
func (e *ends) text(of string) string { return "<" + e.name + ": " + of + ">" }
