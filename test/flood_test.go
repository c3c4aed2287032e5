// SPDX-License-Identifier: Apache-2.0

package test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

// flood is one container that sends as fast as it can, and others that want to
// work beside it.
type flood struct {
	t                *testing.T
	l                *harness.Lab
	attacker, victim *harness.Container
	friend           *harness.Container // of the attacker, in its network
	targets          []*harness.Container
}

// way is a way to flood.
type way struct {
	name, kind string   // what it is called, and as what the switch sees it
	args       []string // for the flooder
	all        bool     // that everything is limited, as there is nothing to tell it by
}

func (f *flood) ways(t *testing.T) []way {
	return []way{
		{"unknown destinations", "unroutable IPv4", []string{"unknown", "10.63.0.0/24"}, false},
		{"denied conversations", "unroutable IPv4", []string{"one", f.targets[0].Address(t, "quiet") + ":9"}, false},
		{"ARP", "ARP", []string{"arp", "eth0", "10.63.0.0/24"}, false},
		{"foreign sources", "unroutable IPv4", []string{"foreign", "eth0", "10.63.0.0/24"}, true},
	}
}

func newFlood(t *testing.T) *flood {
	t.Helper()
	l := own(t, lab.Config{Hosts: 2})
	l.Network(t, "quiet", "10.62.0.0/24", "--idle", "1s")
	l.Network(t, "loud", "10.63.0.0/24")
	f := &flood{t: t, l: l}
	mount := []string{"--volume", buildFlooder(t, l) + ":/flooder:ro"}
	f.attacker = l.Run(t, "h1", "attacker", append(mount, "--network", "loud")...)
	f.friend = l.Run(t, "h2", "friend", "--network", "loud")
	f.victim = l.Run(t, "h1", "victim", append(mount, "--network", "quiet")...)
	for i := range 4 {
		f.targets = append(f.targets, l.Run(t, l.Hosts()[i%2], fmt.Sprintf("target%d", i), "--network", "quiet"))
	}
	return f
}

func buildFlooder(t *testing.T, l *harness.Lab) string {
	t.Helper()
	path := filepath.Join(filepath.Dir(l.Probe()), "flooder")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", path, "github.com/linkspan/linkspan/test/flooder")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the flooder: %v: %s", err, out)
	}
	return path
}

// TestFlood floods from one container in several ways. Each time the host limits
// that container, and only in what it floods with; it says so in an event and to
// the doctor; others' first packets and conversations go on, and so does the
// flooder's own; and the limit goes when the flood does. A switch process that is
// killed meanwhile finds the limit again.
func TestFlood(t *testing.T) {
	f := newFlood(t)
	talk := f.l.Converse(t, "h1", "talker", "quiet", f.targets[1])
	for i, c := range f.ways(t) {
		t.Run(c.name, func(t *testing.T) {
			g := *f
			g.t = t
			g.starts(c.args)
			g.limited(c.kind)
			g.told("endpoint.limited", i+1)
			if i == 1 {
				g.killSwitch()
				g.limited(c.kind)
				g.told("endpoint.limited", i+1) // it is the same flood
			}
			talk.GoesOn(t)
			for _, target := range f.targets {
				f.victim.Reaches(t, target, "quiet")
			}
			if !c.all {
				g.reaches(f.friend)
			}
			g.stops()
			g.told("endpoint.released", i+1)
			g.doctor("none floods")
		})
	}
}

func (f *flood) starts(args []string) {
	f.t.Helper()
	f.l.On(f.t, "h1", append([]string{"docker", "exec", "-d", f.attacker.Name, "/flooder"}, append(slices.Clone(args), "10m")...)...)
}

func (f *flood) stops() {
	f.t.Helper()
	f.attacker.Exec(f.t, "sh", "-c", "kill $(pidof flooder)")
}

// limited waits until the host's doctor says who floods, and with what.
func (f *flood) limited(kind string) {
	f.t.Helper()
	f.doctor(f.attacker.Name+" on port ", " packets/s in vain ("+kind+"); the host limits ")
}

// doctor waits for a line about storm control that has all the words.
func (f *flood) doctor(words ...string) {
	f.t.Helper()
	harness.Eventually(f.t, fmt.Sprintf("doctor says %q", words), func() error {
		r := f.l.Try("h1", f.l.Binary, "doctor")
		for line := range strings.Lines(r.Out) {
			lacks := func(w string) bool { return !strings.Contains(line, w) }
			if strings.Contains(line, "storm control") && !slices.ContainsFunc(words, lacks) {
				f.t.Log(strings.TrimSpace(line))
				return nil
			}
		}
		return fmt.Errorf("%v", r)
	})
}

// told waits until so many events of the kind have been written about the
// attacker, and none more.
func (f *flood) told(kind string, times int) {
	f.t.Helper()
	harness.Eventually(f.t, fmt.Sprintf("%d events %s", times, kind), func() error {
		lines, err := f.l.Lines("event", "ls", "--limit", "1000", "--format", "{{.Kind}} {{.Subject}}")
		n := 0
		for _, line := range lines {
			if line == kind+" "+f.attacker.Name {
				n++
			}
		}
		if err != nil || n != times {
			return errors.Join(err, fmt.Errorf("%d of them", n))
		}
		return nil
	})
}

// killSwitch kills the switch process of the flooded host; another one starts.
func (f *flood) killSwitch() {
	f.t.Helper()
	pid, err := f.l.PID("h1", "switch")
	if err == nil {
		err = f.l.Kill("h1", "switch", unix.SIGKILL)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	harness.Eventually(f.t, "another switch process runs", func() error {
		if now, err := f.l.PID("h1", "switch"); err != nil || now == pid {
			return errors.Join(err, fmt.Errorf("process %d, before %d", now, pid))
		}
		return nil
	})
}

// reaches waits until the attacker, which floods, reaches another all the same:
// before it is known what it floods with, all that it sends may be limited.
func (f *flood) reaches(other *harness.Container) {
	f.t.Helper()
	harness.Eventually(f.t, "what the attacker sends beside the flood arrives", func() error {
		if r := f.attacker.Ask("udp", other.Address(f.t, "loud")); r.Exit != 0 || r.Out != other.Name {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
}
