// SPDX-License-Identifier: Apache-2.0

package test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/lab/boot"
	"github.com/linkspan/linkspan/test/harness"
)

// TestStartsAlone starts a switch whose Open vSwitch and dockerd are away: what is its
// own works and is written down, it says what it waits for, and takes up each as it comes.
func TestStartsAlone(t *testing.T) {
	l := own(t, lab.Config{Hosts: 1})
	l.Network(t, "alone", "10.70.0.0/24")
	for _, p := range []string{boot.Dockerd, boot.VSwitchd, boot.OVSDBServer} {
		if err := l.Stop(t.Context(), "h1", p); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Kill("h1", boot.Switch, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	says := func(what string) {
		t.Helper()
		harness.Eventually(t, "doctor says "+what, func() error {
			if r := l.Try("h1", l.Binary, "doctor"); !strings.Contains(r.Out, what) {
				return fmt.Errorf("%v", r)
			}
			return nil
		})
	}
	says("waits for Open vSwitch")
	if r := l.Try("h1", l.Binary, "audit", "verify"); r.Exit != 0 || !strings.Contains(r.Out, "the chain holds") {
		t.Errorf("audit verify: %v", r)
	}
	l.On(t, "h1", l.Binary, "config", "set", "system", "banner", "alone")
	l.On(t, "h1", l.Binary, "config", "commit", "--comment", "without Open vSwitch")
	if out := l.On(t, "h1", l.Binary, "audit", "ls", "--kind", "change"); !strings.Contains(out, "set system banner alone") || !strings.Contains(out, "root") {
		t.Errorf("who changed what:\n%s", out)
	}
	if r := l.Try("h1", l.Binary, "network", "ls"); r.Exit != 1 || !strings.Contains(r.Err, "waits for Open vSwitch") {
		t.Errorf("what is not there yet: %v", r)
	}
	if err := l.Start(t.Context(), "h1", boot.OVSDBServer); err != nil {
		t.Fatal(err)
	}
	says("waits for Open vSwitch") // its database alone is not enough
	if err := l.Start(t.Context(), "h1", boot.VSwitchd); err != nil {
		t.Fatal(err)
	}
	says("connected since")
	if err := l.Start(t.Context(), "h1", boot.Dockerd); err != nil {
		t.Fatal(err)
	}
	c1 := l.Run(t, "h1", "alone1", "--network", "alone")
	c2 := l.Run(t, "h1", "alone2", "--network", "alone")
	c1.Reaches(t, c2, "alone")
	l.On(t, "h1", l.Binary, "network", "create", "--subnet", "10.72.0.0/24", "written")
	if out := l.On(t, "h1", l.Binary, "audit", "ls", "--kind", "call"); !strings.Contains(out, "NetworkService.Create") || !strings.Contains(out, "root") {
		t.Errorf("who did what:\n%s", out)
	}
	if r := l.Try("h1", l.Binary, "audit", "verify"); r.Exit != 0 {
		t.Errorf("audit verify: %v", r)
	}
	c1.Remove(t)
	c2.Remove(t)
}

// TestNewBinaryLosesNothing replaces the program of each node below pings, of containers in the
// fabric and of hosts in a VLAN, and kills what runs of the old one: no packet is lost.
func TestNewBinaryLosesNothing(t *testing.T) {
	harness.Need(t)
	binary, _ := harness.Binary()
	program := filepath.Join(t.TempDir(), "linkspan")
	install(t, binary, program, "")
	l := own(t, lab.Config{Hosts: 2, Binary: program})
	pairs := []pair{containersApart(t, l), stationsApart(t, l)}
	losesNothing(t, l, pairs, func() {
		for i, node := range []string{"h1", "h2", "controller", "h1"} {
			install(t, binary, program, fmt.Sprint("version ", i))
			program := boot.Switch
			if node == boot.Controller {
				program = boot.Controller
			}
			if err := l.Crash(t.Context(), node, program); err != nil {
				t.Fatal(err)
			}
		}
	})
	newContainersAlone(t, l)
}

// losesNothing makes a change below pings: none is lost. Where some are, it must be the machine
// that loses them. It does so at random, so that a change is at fault only if each time that it
// is tried more are lost with it than ever in the same time without.
func losesNothing(t *testing.T, l *harness.Lab, pairs []pair, change func()) {
	t.Helper()
	worst := 0
	for range harness.Tries {
		begun := time.Now()
		lost := during(t, l, pairs, change)
		took := time.Since(begun)
		if t.Logf("%d pings were lost in %v", lost, took); lost == 0 {
			return
		}
		usual := during(t, l, pairs, func() { <-time.After(took) })
		if t.Logf("%d were lost in the same time without a change", usual); lost <= max(worst, usual) {
			return
		}
		worst = max(worst, usual)
	}
	t.Errorf("each time more pings were lost with the change than without, where at the most %d were", worst)
}

// pair is two who can reach each other: how a command is run at the one on h1, and the
// other's address.
type pair struct {
	at      []string
	address string
}

// containersApart are two of a network of the fabric.
func containersApart(t *testing.T, l *harness.Lab) pair {
	l.Network(t, "kept", "10.71.0.0/24", "--idle", "3s")
	c1 := l.Run(t, "h1", "kept1", "--network", "kept")
	c2 := l.Run(t, "h2", "kept2", "--network", "kept")
	c1.Reaches(t, c2, "kept")
	pid := l.On(t, "h1", "docker", "inspect", "-f", "{{.State.Pid}}", "kept1")
	return pair{[]string{"nsenter", "-t", pid, "-n"}, c2.Address(t, "kept")}
}

// stationsApart are two in a VLAN that both switches have.
func stationsApart(t *testing.T, l *harness.Lab) pair {
	w := switches{l, t, map[string]bool{}}
	for _, host := range l.Hosts() {
		w.shell(host, "configure", "set system hostname "+host, "commit comment bare")
	}
	w.cable("up1", "h1", "h2")
	one := w.station("h1", "p1", "", "10.10.0.1/24")
	w.station("h2", "p1", "", "10.10.0.2/24")
	for _, host := range l.Hosts() {
		w.configure(host, "set vlans 10 description offices", "set ports p1 vlan 10", "set ports up1 mode trunk")
	}
	one.reaches("10.10.0.2")
	return pair{[]string{"ip", "netns", "exec", one.name}, "10.10.0.2"}
}

// during counts the pings that are lost between pairs while something is done.
func during(t *testing.T, l *harness.Lab, pairs []pair, do func()) (lost int) {
	t.Helper()
	pings := make([]*pinging, len(pairs))
	for i, p := range pairs {
		pings[i] = pingOf(t, l, "h1", p)
	}
	do()
	for _, p := range pairs { // what is lost at the end is not counted, so it must not stay lost
		harness.Eventually(t, p.address+" answers afterwards", func() error {
			return succeeded(l.Try("h1", append(p.at[:len(p.at):len(p.at)], "ping", "-n", "-c", "1", "-W", "5", p.address)...))
		})
	}
	for _, p := range pings {
		sent, received := p.ends(t)
		if sent < 50 {
			t.Errorf("%d pings were sent", sent)
		}
		lost += sent - received
	}
	return lost
}

// newContainersAlone starts a container on each host, which reach each other.
func newContainersAlone(t *testing.T, l *harness.Lab) {
	t.Helper()
	c1 := l.Run(t, "h1", "newer1", "--network", "kept")
	c2 := l.Run(t, "h2", "newer2", "--network", "kept")
	c1.Reaches(t, c2, "kept")
	c1.Remove(t)
	c2.Remove(t)
}

// install puts a program in the place of another one at once, as a package does; more
// makes it one of its own.
func install(t *testing.T, from, to, more string) {
	t.Helper()
	old, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	f, err := os.OpenFile(to+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(f, io.MultiReader(old, strings.NewReader(more))); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(to+".new", to); err != nil {
		t.Fatal(err)
	}
}

// pinging is a ping each hundredth of a second.
type pinging struct {
	cmd *exec.Cmd
	out *bytes.Buffer
	end func()
}

// pingOf begins to ping.
func pingOf(t *testing.T, l *harness.Lab, node string, of pair) *pinging {
	t.Helper()
	const untilRead = `ping -n -i 0.01 -W 5 "$0" & read -r _; kill -INT $!; wait $!` // the end of its input ends it
	p := &pinging{cmd: l.Command(node, append(of.at, "sh", "-c", untilRead, of.address)...), out: new(bytes.Buffer)}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	in, err := p.cmd.StdinPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	p.end = sync.OnceFunc(func() {
		_ = in.Close()
		_ = p.cmd.Wait()
	})
	t.Cleanup(p.end)
	return p
}

var pingAnswer = regexp.MustCompile(`icmp_seq=(\d+) ttl`)

// ends ends it and returns how many were sent before the last that was answered, and how
// many of them were answered: those that are on their way at the end are not lost.
func (p *pinging) ends(t *testing.T) (sent, received int) {
	t.Helper()
	p.end()
	const numbers = 1 << 16
	answered := map[int]bool{}
	for _, m := range pingAnswer.FindAllStringSubmatch(p.out.String(), -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		for n < sent-numbers/2 {
			n += numbers
		}
		answered[n], sent = true, max(sent, n)
	}
	return sent, len(answered)
}
