// SPDX-License-Identifier: Apache-2.0

package lldp

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/show"
	"github.com/linkspan/linkspan/wire/packet"
)

const left = "set system hostname left\nset system management address 192.0.2.1/24\nset system management interface eth0\nset vlans 10 interface address 198.51.100.1/24\n" +
	"set ports eth1 vlan 10\nset ports eth1 description \"to the right\"\n"

func addrs() cmp.Option { return cmp.Comparer(func(a, b netip.Addr) bool { return a == b }) }

// two runs two systems on one cable.
func two(t *testing.T, left, right string) (a, b *system) {
	c := newCable()
	a = begin(t, left, map[string]func() Line{"eth1": c.left})
	b = begin(t, right, map[string]func() Line{"eth9": c.right})
	synctest.Wait()
	return a, b
}

func TestNeighboursFindEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, b := two(t, left, "set ports bond0 bond member eth9\nset ports bond0 bond member eth8\n")
		time.Sleep(reopen) // eth8 is not there; who came first tells again
		synctest.Wait()
		got := b.Neighbours()
		want := []Neighbour{{
			Port: "bond0", Device: "eth9", Chassis: "02:00:00:00:00:01", PortID: "eth1", PortDescription: "to the right", SystemName: "left",
			SystemDescription: "a switch", Capabilities: []string{"bridge", "router"}, Management: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, VLAN: 10,
		}}
		if len(got) != 1 || got[0].Since.Before(began) || !got[0].Until.After(began.Add(2*time.Minute)) {
			t.Fatalf("%+v", got)
		}
		shown(t, b)
		got[0].Since, got[0].Until = time.Time{}, time.Time{}
		if diff := cmp.Diff(want, got, addrs()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

// shown holds what people read.
func shown(t *testing.T, s *system) {
	c, err := show.NewCatalogue(s.Shows()...)
	if err != nil {
		t.Fatal(err)
	}
	for arg, want := range map[string][]string{
		"":      {"bond0  eth9    left    eth1            bridge router  192.0.2.1", "bond0  eth8       0      0"},
		"bond0": {"eth9    system description  a switch", "eth9    vlan                10"},
	} {
		args := strings.Fields(arg)
		report, err := c.Show(t.Context(), "lldp", args)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range want {
			if text := report.Text(80); !strings.Contains(text, line) {
				t.Errorf("%q is not in\n%s", line, text)
			}
		}
	}
	if _, err := c.Show(t.Context(), "lldp", []string{"eth9"}); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("a device is no port: %v", err)
	}
}

// TestANeighbourThatEndsIsKeptForAWhile, as it may be back; one that is told to be silent says so.
func TestANeighbourThatEndsIsKeptForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := two(t, left, "set ports eth9\n")
		time.Sleep(10 * time.Second)
		a.stop()
		time.Sleep(100 * time.Second)
		if n := len(b.Neighbours()); n != 1 {
			t.Fatalf("%d neighbours before its time is over", n)
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if n := len(b.Neighbours()); n != 0 || b.Counts()["eth9"].Expired != 1 {
			t.Errorf("%d neighbours after its time, %+v", n, b.Counts())
		}
	})
}

func TestASilentPortSaysSo(t *testing.T) {
	for name, silent := range map[string]string{"off": "set ports eth1 lldp off\n", "listen": "set ports eth1 lldp listen\n", "gone": "", "all off": "set lldp enabled false\nset ports eth1\n", "down": "set ports eth1 enabled false\n"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := two(t, left, "set ports eth9\n")
				time.Sleep(reopen)
				if len(b.Neighbours()) != 1 {
					t.Fatal("nobody is there")
				}
				if steps := a.commit(silent).Steps(); name != "listen" && !slices.Equal(steps, []string{"LLDP: silent"}) {
					t.Errorf("%q", steps)
				}
				synctest.Wait()
				if n := len(b.Neighbours()); n != 0 {
					t.Errorf("%d neighbours", n)
				}
				if n := len(a.Neighbours()); (n == 1) != (name == "listen") {
					t.Errorf("it hears %d", n)
				}
			})
		})
	}
}

func TestTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := two(t, left+"set lldp interval 10s\nset lldp hold 3\n", "set ports eth9\n")
		time.Sleep(10 * time.Second) // who is new hears it several times
		sent := a.Counts()["eth1"].Sent
		if sent < 4 || sent > 8 {
			t.Errorf("told %d times in the first 10 s", sent)
		}
		time.Sleep(100 * time.Second)
		if n := a.Counts()["eth1"].Sent - sent; n != 10 {
			t.Errorf("told %d times in 100 s", n)
		}
		if until := time.Until(b.Neighbours()[0].Until); until < 20*time.Second || until > 31*time.Second {
			t.Errorf("kept for %v", until)
		}
		a.commit(left + "set system hostname other\n")
		synctest.Wait()
		if name := b.Neighbours()[0].SystemName; name != "other" {
			t.Errorf("its new name is not told: %s", name)
		}
	})
}

// TestFloodsAreBounded: in frames, in neighbours, and in what a terminal gets.
func TestFloodsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable()
		b := begin(t, "set ports eth9\n", map[string]func() Line{"eth9": c.right})
		synctest.Wait()
		for second := range 4 {
			for i := range 40 {
				c.b <- packet.AppendLLDP(nil, packet.MAC{2}, &packet.LLDP{
					ChassisKind: packet.LLDPChassisMAC, Chassis: []byte{2, 0, 0, 0, byte(second), byte(i)}, PortKind: 7, Port: []byte{0x1b, '[', '2', 'J'}, TTL: 600,
					SystemName: "\x1b]0;owned\x07\xff\u202e",
				})
				synctest.Wait()
			}
			c.b <- []byte("no LLDP")
			time.Sleep(time.Second)
		}
		known := b.Neighbours()
		if len(known) != maxNeighbours {
			t.Errorf("%d neighbours", len(known))
		}
		if n := known[0]; n.SystemName != "?]0;owned???" || n.PortID != "1b5b324a" || strings.ContainsAny(n.Chassis, "\x1b") {
			t.Errorf("%+v", n)
		}
		if got := b.Counts()["eth9"]; got.Heard != 164 || got.Ignored != 164-uint64(maxNeighbours) || got.Sent > 12 {
			t.Errorf("%+v", got)
		}
	})
}
