// SPDX-License-Identifier: Apache-2.0

package mode_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/mode"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestAPortOfTheControllersIsReachedFromTheOthers(t *testing.T) {
	w := newWorld(t)
	must(t, w.configure(append(vlan10(), "set control mode hybrid", "set ports a control sdn")...))
	w.reaches("a", 3)
	w.reaches("b", 2)
	before := w.hub.Counters().PacketIns.Load()
	w.reaches("b", 4) // the switch decides about it
	if w.hub.Counters().PacketIns.Load() != before {
		t.Error("the controller was asked about what is the switch's")
	}
}

func TestAHostThatComesLaterIsKnownByItsFirstPacket(t *testing.T) {
	w := newWorld(t)
	must(t, w.configure(append(vlan10(), "set control mode sdn")...))
	w.host("d", 9)
	w.ovs.Vsctl("set", "port", "d", "tag=10")
	must(t, w.configure("set ports d vlan 10"))
	w.in("d", "ping", "-n", "-c1", "-W5", "10.7.0.2") // the one packet is answered
}

func TestAHostThatMovesIsReachedAtItsNewPort(t *testing.T) {
	w := newWorld(t)
	must(t, w.configure(append(vlan10(), "set control mode sdn")...))
	w.reaches("b", 2)
	w.in("a", "ip", "link", "set", "a0", "down")
	w.in("c", "ip", "addr", "del", "10.7.0.4/24", "dev", "c0")
	w.in("c", "ip", "link", "set", "c0", "down")
	w.in("c", "ip", "link", "set", "c0", "address", macOf(2).String())
	w.in("c", "ip", "link", "set", "c0", "up")
	w.in("c", "ip", "addr", "add", "10.7.0.2/24", "dev", "c0")
	w.reaches("c", 3)
	w.reaches("b", 2)
}

func TestAnAddressIsNotAnotherHostsWhileItsOwnAnswers(t *testing.T) {
	w := newWorld(t)
	must(t, w.configure(append(vlan10(), "set control mode sdn")...))
	w.reaches("b", 2)
	w.in("c", "ip", "addr", "add", "10.7.0.2/24", "dev", "c0")
	for range 5 {
		_, _ = w.try("c", "ping", "-n", "-c1", "-W1", "-I", "10.7.0.2", "10.7.0.3")
	}
	for _, s := range w.keeper.Report().Stations {
		if s.Address == "10.7.0.2" && (s.MAC != macOf(2).String() || s.Claimed != macOf(4).String() && s.Claimed != "") {
			t.Errorf("%+v", s)
		}
	}
	w.in("a", "ip", "link", "set", "a0", "down") // now nobody answers but the other
	ovstest.Eventually(t, "the other host has the address", func() bool {
		_, _ = w.try("c", "ping", "-n", "-c1", "-W1", "-I", "10.7.0.2", "10.7.0.3")
		for _, s := range w.keeper.Report().Stations {
			if s.Address == "10.7.0.2" && s.MAC == macOf(4).String() && s.Number != 0 {
				return true
			}
		}
		return false
	})
}

func TestWithoutAControllerTheSwitchDecidesAfterATimeAndBack(t *testing.T) {
	w := newWorld(t)
	must(t, w.configure(append(vlan10(), "set control mode sdn", "set control lost-controller policy fall-back", "set control lost-controller after 1s")...))
	w.reaches("a", 3)
	w.lossless(func() {
		w.fabric.is(false)
		ovstest.Eventually(t, "the switch decides", func() bool { return w.keeper.Report().FallenBack })
		w.fabric.is(true)
		ovstest.Eventually(t, "the controller decides", func() bool { return !w.keeper.Report().FallenBack })
	})
}

func TestFrozenNothingChangesWithoutAController(t *testing.T) {
	w := newWorld(t)
	must(t, w.configure(append(vlan10(), "set control mode sdn")...))
	w.reaches("a", 3)
	w.fabric.is(false)
	w.lossless(func() { time.Sleep(2 * time.Second) })
	if w.keeper.Report().FallenBack {
		t.Error("it has fallen back")
	}
	err := w.configure("set control mode traditional")
	must(t, err) // needs nobody
	if err := w.configure("set control mode sdn"); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Errorf("without a controller: %v", err)
	}
	w.reaches("a", 4)
}

// is says whether the controller is there.
func (f *fabric) is(connected bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.connected, f.since = connected, time.Now()
}

func TestWhatTheFabricDoesNotTakeIsNotChanged(t *testing.T) {
	w := newWorld(t, func(o *mode.Options) { o.Prepare = 2 * time.Second })
	must(t, w.configure(vlan10()...))
	w.reaches("a", 3)
	w.fabric.mu.Lock()
	w.fabric.refuse = &linkspan.Error{Code: linkspan.Exists, Message: "the address is a container's"}
	w.fabric.mu.Unlock()
	if err := w.configure("set control mode sdn"); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Errorf("it became the controller's: %v", err)
	}
	w.reaches("a", 4)
	for _, z := range w.keeper.Report().Zones {
		if z.Mode != "traditional" {
			t.Errorf("%+v", z)
		}
	}
}

func TestAVLANWithoutANetworkIsRefused(t *testing.T) {
	w := newWorld(t)
	err := w.configure("set ports a vlan 20", "set vlans 20 description x", "set control mode sdn")
	if linkspan.CodeOf(err) != linkspan.Invalid || !strings.Contains(linkspan.HintOf(err), "vlans 20 network") {
		t.Errorf("%v, %s", err, linkspan.HintOf(err))
	}
	if err := w.configure("set ports a vlan 20", "set vlans 20 network nowhere", "set control mode sdn"); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("%v", err)
	}
}

func TestANewProcessTakesOver(t *testing.T) {
	w := newWorld(t)
	must(t, w.configure(append(vlan10(), "set control mode sdn")...))
	w.reaches("a", 3)
	w.lossless(func() {
		w.stop()
		ctx, cancel := context.WithCancel(t.Context())
		w.stop = func() { cancel(); w.kept.Wait() }
		w.keeper = mode.New(w.options)
		plan, err := w.keeper.Plan(ctx, nil, w.now)
		must(t, err)
		must(t, plan.Apply(ctx))
		w.kept.Go(func() { _ = w.keeper.Run(ctx) })
		w.keeper.Join(mode.Link{Fabric: w.fabric, Bridge: "br-link", Numbers: new(numbers), Names: w.fabric})
		ovstest.Eventually(t, "its flows are as they should be", func() bool { return plan.Verify(ctx) == nil && len(w.keeper.Report().Stations) == 3 })
		time.Sleep(time.Second)
	})
	drift, err := w.keeper.Drift(t.Context(), w.now)
	if err != nil || len(drift) > 0 {
		t.Errorf("%v, %v", drift, err)
	}
}

func TestFlowsComeBackAfterACrashOfOpenVSwitch(t *testing.T) {
	w := newWorld(t)
	must(t, w.configure(append(vlan10(), "set control mode sdn")...))
	w.reaches("a", 3)
	w.ovs.Kill(ovstest.Daemon)
	w.ovs.Restart(ovstest.Daemon)
	ovstest.Eventually(t, "br-link has its controller again", func() bool {
		if info, _ := w.hub.Connected(1); info.Ready {
			return true
		}
		w.connect(t.Context())
		return true
	})
	w.written = nil
	w.forward(w.now)
	w.reaches("a", 3)
}

func TestDriftIsShown(t *testing.T) {
	w := newWorld(t)
	must(t, w.configure(append(vlan10(), "set control mode sdn")...))
	ovstest.Eventually(t, "three hosts have their flows", func() bool {
		return strings.Count(w.ovs.Ofctl("dump-flows", "br-switch", "table=20,arp"), "arp_spa=10.7.0.") == 3
	})
	drift, err := w.keeper.Drift(t.Context(), w.now)
	if err != nil || len(drift) > 0 {
		t.Fatalf("%v, %v", drift, err)
	}
	w.ovs.Ofctl("del-flows", "br-switch", "table=20,arp")
	if drift, err = w.keeper.Drift(t.Context(), w.now); err != nil || len(drift) == 0 {
		t.Errorf("nothing is missed: %v", err)
	}
	plan, err := w.keeper.Plan(t.Context(), nil, w.now)
	must(t, err)
	must(t, plan.Apply(t.Context()))
	if drift, err = w.keeper.Drift(t.Context(), w.now); err != nil || len(drift) > 0 {
		t.Errorf("applied again: %v, %v", drift, err)
	}
}
