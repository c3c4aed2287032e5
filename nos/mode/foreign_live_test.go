// SPDX-License-Identifier: Apache-2.0

package mode_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// controller starts a program that is an OpenFlow controller at a port of the loopback.
func (w *world) controller(name string, args ...string) {
	w.t.Helper()
	ovstest.Need(w.t, name)
	cmd := exec.CommandContext(context.WithoutCancel(w.t.Context()), name, args...)
	cmd.Env = append(os.Environ(), "OVS_RUNDIR="+w.ovs.RunDir, "OVS_LOGDIR="+w.ovs.RunDir)
	out := new(strings.Builder)
	cmd.Stdout, cmd.Stderr = out, out
	must(w.t, cmd.Start())
	w.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if w.t.Failed() {
			w.t.Logf("%s says %s", name, out)
		}
	})
}

// foreign gives ports b and c to a controller at a port of the loopback.
func foreign(port int) []string {
	return []string{
		"set control foreign lab address 127.0.0.1", fmt.Sprintf("set control foreign lab port %d", port), "set control foreign lab tls false",
		"set control foreign lab ports b", "set control foreign lab ports c",
	}
}

func TestAForeignControllerHasPorts(t *testing.T) {
	w := newWorld(t)
	must(t, w.configure(append(vlan10(), foreign(6655)...)...))
	if out, err := w.try("b", "ping", "-n", "-c1", "-W1", "10.7.0.4"); err == nil {
		t.Errorf("there is no controller yet, and: %s", out)
	}
	w.controller("ovs-testcontroller", "ptcp:6655:127.0.0.1")
	w.reaches("b", 4)
	if flows := w.ovs.Ofctl("dump-flows", "br-f0"); !strings.Contains(flows, "actions=") {
		t.Errorf("its controller has no flows: %s", flows)
	}
	must(t, w.configure("delete control foreign lab ports c"))
	ovstest.Eventually(t, "c is the switch's again, and apart from b", func() bool { // a moment for what the datapath has cached
		_, err := w.try("b", "ping", "-n", "-c1", "-W1", "10.7.0.4")
		return err != nil
	})
	w.reaches("a", 4)
	must(t, w.configure("delete control foreign lab"))
	w.reaches("b", 4)
	if bridges := w.ovs.Vsctl("list-br"); strings.Contains(bridges, "br-f0") {
		t.Errorf("its bridge is still there: %s", bridges)
	}
}

func TestAForeignControllerCannotHarmTheSwitch(t *testing.T) {
	w := newWorld(t)
	must(t, w.configure(append(vlan10(), foreign(6656)...)...))
	ovstest.Eventually(t, "the host on the switch's own port is known", func() bool {
		known := w.keeper.Report().Stations
		return len(known) == 1 && known[0].Number != 0
	})
	flows := w.ovs.Ofctl("dump-flows", "br-switch", "--no-stats")
	w.ovs.Ofctl("del-flows", "br-f0") // as many do when they connect
	w.ovs.Ofctl("add-flow", "br-f0", "priority=0,actions=FLOOD")
	if now := w.ovs.Ofctl("dump-flows", "br-switch", "--no-stats"); now != flows {
		t.Error("flows of the switch have changed")
	}
	w.reaches("b", 4)
}

func TestAForeignControllerHasAVLAN(t *testing.T) {
	w := newWorld(t)
	must(t, w.configure(append(vlan10(), "set vlans 20 description x", "set ports b vlan 20", "set ports c vlan 20",
		"set control foreign lab address 127.0.0.1", "set control foreign lab tls false", "set control foreign lab port 6657", "set control foreign lab vlans 20")...))
	w.controller("ovs-testcontroller", "ptcp:6657:127.0.0.1")
	w.ovs.Vsctl("set", "port", "b", "tag=20")
	w.ovs.Vsctl("set", "port", "c", "tag=20")
	w.reaches("b", 4)
	for _, z := range w.keeper.Report().Zones {
		if want := map[uint16]string{10: "traditional", 20: "foreign"}[z.VLAN]; want != z.Mode {
			t.Errorf("%+v", z)
		}
	}
}

func TestTLSNeedsKeys(t *testing.T) {
	w := newWorld(t)
	err := w.configure(append(vlan10(), "set control foreign lab address 127.0.0.1", "set control foreign lab ports c")...)
	if linkspan.CodeOf(err) != linkspan.Invalid || !strings.Contains(linkspan.HintOf(err), "set-ssl") {
		t.Errorf("%v, %s", err, linkspan.HintOf(err))
	}
}

// TestOSKenHasPorts has a controller of another kind, which learns by packets that come up.
func TestOSKenHasPorts(t *testing.T) {
	ovstest.Need(t, "osken-manager") // Debian package python3-os-ken
	w := newWorld(t)
	w.controller("osken-manager", "--ofp-listen-host", "127.0.0.1", "--ofp-tcp-listen-port", "6658", "testdata/learn.py")
	must(t, w.configure(append(vlan10(), foreign(6658)...)...))
	w.reaches("b", 4)
	w.reaches("c", 3)
	if out, err := w.try("a", "ping", "-n", "-c1", "-W1", "10.7.0.3"); err == nil {
		t.Errorf("b is the other controller's alone, and: %s", out)
	}
}
