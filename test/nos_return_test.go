// SPDX-License-Identifier: Apache-2.0

package test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

// TestSwitchComesBack commits what cuts the way by which the switch is managed, and nobody
// confirms it.
func TestSwitchComesBack(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2, NoDocker: true})
	w := switches{l, t, map[string]bool{"h1": true, "h2": true}}
	far := w.behindRouter("h2")
	managed := func() bool {
		return l.Try("controller", "ping", "-c", "1", "-W", "1", l.Address("h1").String()).Exit == 0
	}
	w.configure("h1", "set system hostname edge1")
	harness.Eventually(t, "it can be reached before", func() error {
		if !managed() {
			return errors.New("it cannot")
		}
		return nil
	})
	w.configure("h1", "set interfaces eth0 enabled false", "set system hostname cut", "commit confirm 2 comment oops")
	if managed() {
		t.Error("it can still be reached")
	}
	far.cut()
	if r := l.Try("h1", l.Binary, "shell", "-c", "configure; set system banner x; commit"); r.Exit == 0 || !strings.Contains(r.Err+r.Out, "confirm") {
		t.Errorf("somebody else commits meanwhile: %v", r)
	}
	harness.Within(t, 5*time.Minute, "it has come back", func() error {
		if !managed() {
			return errors.New("it cannot be reached")
		}
		return nil
	})
	far.comesBack()
	if name := l.On(t, "h1", "hostname"); name != "edge1" {
		t.Errorf("its name is %q", name)
	}
	if out := w.shell("h1", "show history"); !strings.Contains(out, "was not confirmed in time") || !strings.Contains(out, "oops") {
		t.Errorf("history:\n%s", out)
	}
	if out := w.shell("h1", "configure", "show"); strings.Contains(out, "eth0") {
		t.Errorf("it is still configured:\n%s", out)
	}
}

// TestSwitchPowerLoss cuts the power at several moments of a commit. What runs afterwards is
// the whole of the old or of the new, on disk and on the host.
func TestSwitchPowerLoss(t *testing.T) {
	l := own(t, lab.Config{Hosts: 1, NoDocker: true})
	w := switches{l, t, map[string]bool{"h1": true}}
	const vlans = 40
	number := func(generation int) []string {
		commands := []string{fmt.Sprintf("set system hostname edge%d", generation)}
		for v := 2; v < 2+vlans; v++ {
			if generation > 0 {
				commands = append(commands, fmt.Sprintf("delete vlans %d interface address", v))
			}
			commands = append(commands, fmt.Sprintf("set vlans %d interface address 10.%d.%d.1/24", v, generation, v))
		}
		return commands
	}
	w.configure("h1", number(0)...)
	runs := 0
	for i, after := range []time.Duration{100, 400, 900, 1600, afterwards} {
		commands := append(append([]string{"configure"}, number(runs+1)...), "commit")
		r := w.cutDuring(after*time.Millisecond, strings.Join(commands, "; "))
		harness.Eventually(t, "its configuration is applied", func() error {
			if out := w.shell("h1", "show drift"); strings.Contains(out, "10.") {
				return fmt.Errorf("drift:\n%s", out)
			}
			return nil
		})
		name, addresses := l.On(t, "h1", "hostname"), l.On(t, "h1", "ip", "-o", "-4", "addr")
		old, new := strings.Count(addresses, fmt.Sprintf("inet 10.%d.", runs)), strings.Count(addresses, fmt.Sprintf("inet 10.%d.", runs+1))
		switch {
		case name == fmt.Sprintf("edge%d", runs) && old == vlans && new == 0 && r.Exit != 0:
		case name == fmt.Sprintf("edge%d", runs+1) && old == 0 && new == vlans:
			runs++
		default:
			t.Fatalf("cut %d: name %s, %d old addresses, %d new ones; the commit said %v", i, name, old, new, r)
		}
	}
	t.Logf("%d of 5 commits outlasted", runs)
}

// afterwards is a time to cut the power: once the shell has said that the change runs.
const afterwards = 0

// cutDuring cuts the power of h1 so long after a shell has begun with commands, and
// switches it on again.
func (w switches) cutDuring(after time.Duration, commands string) harness.Result {
	w.t.Helper()
	cut := make(chan error, 1)
	off := func() { cut <- w.PowerOff(context.WithoutCancel(w.t.Context()), "h1") }
	if after > 0 {
		defer time.AfterFunc(after, off).Stop()
	}
	r := w.Try("h1", w.Binary, "shell", "-c", commands)
	if after == afterwards {
		off()
	}
	if err := <-cut; err != nil {
		w.t.Fatal(err)
	}
	if err := w.PowerOn(w.t.Context(), "h1"); err != nil {
		w.t.Fatal(err)
	}
	return r
}
