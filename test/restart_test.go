// SPDX-License-Identifier: Apache-2.0

package test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

// TestRestarts ends each program, kindly and by SIGKILL, below a conversation
// that goes on: its connection lives, new containers work, nothing is left.
func TestRestarts(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2})
	l.Network(t, "kept", "10.50.0.0/24", "--idle", "3s")
	l.Network(t, "other", "10.50.0.0/24")
	c2 := l.Run(t, "h2", "kept2", "--network", "kept")
	before := l.Settled(t)
	talk := l.Converse(t, "h1", "talker", "kept", c2)
	for _, r := range []struct {
		node, program string
		lossy         bool // the datapath itself is away for a moment
	}{
		{"controller", "controller", false},
		{"h1", "switch", false},
		{"h1", "dockerd", false},
		{"h2", "switch", false},
		{"h2", "ovsdb-server", false},
		{"h2", "ovs-vswitchd", true},
	} {
		for name, again := range map[string]func(context.Context, string, string) error{
			"ends": l.Restart, "is killed": l.Crash,
		} {
			t.Run(r.program+" of "+r.node+" "+name, func(t *testing.T) {
				comes := func() {
					if err := again(t.Context(), r.node, r.program); err != nil {
						t.Fatal(err)
					}
				}
				if r.lossy {
					comes()
					talk.GoesOn(t)
				} else {
					talk.Undisturbed(t, comes)
				}
				newContainersWork(t, l)
			})
		}
	}
	talk.GoesOn(t)
	l.On(t, "h1", "docker", "rm", "-f", "talker")
	l.Back(t, before)
}

func newContainersWork(t *testing.T, l *harness.Lab) {
	t.Helper()
	c1 := l.Run(t, "h1", "new1", "--network", "kept")
	c2 := l.Run(t, "h2", "new2", "--network", "kept")
	c1.Reaches(t, c2, "kept")
	c1.Remove(t)
	c2.Remove(t)
}

// TestAddressWaitsForController starts a container while the controller is away:
// Docker waits, and is served when it comes back.
func TestAddressWaitsForController(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 1})
	l.Network(t, "wait", "10.51.0.0/24")
	if err := l.Stop(t.Context(), "controller", "controller"); err != nil {
		t.Fatal(err)
	}
	ended := make(chan harness.Result, 1)
	go func() { ended <- l.Try("h1", l.RunArgs("waiter", "--network", "wait")...) }()
	harness.Eventually(t, "the container waits for its address", func() error {
		// Not inspect, which waits for the start as well.
		if r := l.Try("h1", "docker", "ps", "-aq", "--filter", "name=waiter"); r.Out == "" {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
	if err := l.Start(t.Context(), "controller", "controller"); err != nil {
		t.Fatal(err)
	}
	if r := <-ended; r.Exit != 0 {
		t.Errorf("docker run, the controller being away for a moment: %v", r)
	}
	l.On(t, "h1", "docker", "rm", "-f", "waiter")
}

// TestWithoutLiveRestore restarts a dockerd whose containers end with it.
func TestWithoutLiveRestore(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2, NoLiveRestore: true})
	l.Network(t, "mortal", "10.52.0.0/24")
	empty := l.Settled(t)
	c2 := l.Run(t, "h2", "mortal2", "--network", "mortal")
	c1 := l.Run(t, "h1", "always", "--network", "mortal", "--restart", "always")
	gone := l.Run(t, "h1", "never", "--network", "mortal")
	for name, again := range map[string]func(context.Context, string, string) error{
		"ends": l.Restart, "is killed": l.Crash,
	} {
		t.Run("dockerd "+name, func(t *testing.T) {
			if err := again(t.Context(), "h1", "dockerd"); err != nil {
				t.Fatal(err)
			}
			isUp(t, c1)
			c1.Reaches(t, c2, "mortal")
			endpoints(t, l, "mortal", 2)
			l.On(t, "h1", "docker", "start", gone.Name)
			gone.Reaches(t, c2, "mortal")
			endpoints(t, l, "mortal", 3)
		})
	}
	for _, c := range []*harness.Container{c1, c2, gone} {
		c.Remove(t)
	}
	l.Back(t, empty)
}

// isUp waits until the container runs.
func isUp(t *testing.T, c *harness.Container) {
	t.Helper()
	harness.Eventually(t, "container "+c.Name+" runs", func() error {
		r := c.Lab.Try(c.Host, "docker", "inspect", "-f", "{{.State.Running}}", c.Name)
		if r.Out != "true" {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
}

// endpoints waits until the network has so many.
func endpoints(t *testing.T, l *harness.Lab, network string, want int) {
	t.Helper()
	harness.Eventually(t, fmt.Sprintf("%s has %d endpoints", network, want), func() error {
		list, err := l.Lines("endpoint", "ls", "--network", network)
		if err == nil && len(list)-1 != want { // the first line is the head
			err = fmt.Errorf("%q", list)
		}
		return err
	})
}

// TestPowerCut cuts the power of each machine in turn.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2})
	l.Network(t, "cut", "10.53.0.0/24", "--label", "a=b")
	empty := l.Settled(t)
	c1 := l.Run(t, "h1", "cut1", "--network", "cut", "--restart", "always")
	c2 := l.Run(t, "h2", "cut2", "--network", "cut", "--restart", "unless-stopped", "--ip", "10.53.0.99")
	gone := l.Run(t, "h2", "cut3", "--network", "cut")
	c1.Reaches(t, c2, "cut")
	for _, node := range []string{"h2", "controller", "h1"} {
		t.Run(node, func(t *testing.T) {
			if err := l.Reboot(t.Context(), node); err != nil {
				t.Fatal(err)
			}
			isUp(t, c1)
			isUp(t, c2)
			connected(t, l)
			c1.Reaches(t, c2, "cut")
			c2.Reaches(t, c1, "cut")
			endpoints(t, l, "cut", 2)
			if got := c2.Address(t, "cut"); got != "10.53.0.99" {
				t.Errorf("started with --ip 10.53.0.99, now at %s", got)
			}
		})
	}
	for _, c := range []*harness.Container{c1, c2, gone} {
		c.Remove(t)
	}
	l.Back(t, empty)
}

// connected waits until all switches are.
func connected(t *testing.T, l *harness.Lab) {
	t.Helper()
	harness.Eventually(t, "all switches are connected", func() error {
		states, err := l.Lines("switch", "ls", "--format", "{{.State}}")
		for _, s := range states {
			if s != "connected" {
				err = fmt.Errorf("%q", states)
			}
		}
		return err
	})
}

// TestBootBeforeController boots a host while the controller hangs: its
// containers come up when it goes on.
func TestBootBeforeController(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 1})
	l.Network(t, "boot", "10.54.0.0/24")
	c := l.Run(t, "h1", "boot1", "--network", "boot", "--restart", "always")
	if err := l.Kill("controller", "controller", unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Kill("controller", "controller", unix.SIGCONT) })
	boots := loadings(t, l)
	rebooted := make(chan error, 1)
	go func() { rebooted <- l.Reboot(t.Context(), "h1") }()
	harness.Eventually(t, "dockerd loads its containers", func() error {
		if loadings(t, l) == boots {
			return errors.New("it does not say so in its log")
		}
		return nil
	})
	if err := l.Kill("controller", "controller", unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := <-rebooted; err != nil {
		t.Fatal(err)
	}
	isUp(t, c)
	endpoints(t, l, "boot", 1)
}

// loadings counts how often h1's dockerd has begun to load its containers.
func loadings(t *testing.T, l *harness.Lab) int {
	t.Helper()
	text, err := os.ReadFile(l.LogFile("h1", "dockerd"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), "Loading containers: start")
}

// TestCable pulls a host's cable and puts it back.
func TestCable(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2})
	l.Network(t, "cable", "10.55.0.0/24")
	c1 := l.Run(t, "h1", "cable1", "--network", "cable")
	c2 := l.Run(t, "h2", "cable2", "--network", "cable")
	talk := l.Converse(t, "h1", "cable3", "cable", c2)
	if err := l.Unplug("h2"); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, "the controller finds h2 away", func() error {
		states, err := l.Lines("switch", "ls", "--format", "{{.Name}} {{.State}}")
		if err == nil && states[1] != "h2 away" {
			err = fmt.Errorf("%q", states)
		}
		return err
	})
	told(t, l, "switch.lost", "h2")
	if err := l.Plug("h2"); err != nil {
		t.Fatal(err)
	}
	connected(t, l)
	talk.GoesOn(t)
	c1.Reaches(t, c2, "cable")
}
