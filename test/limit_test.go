// SPDX-License-Identifier: Apache-2.0

package test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/test/harness"
)

// TestLimits holds containers to their bandwidth in both directions, whatever
// they send and whatever they do to their own side, and others not.
func TestLimits(t *testing.T) {
	w := newLimiting(t)
	t.Run("are shown", w.shown)
	for name := range ways("") {
		t.Run("hold "+name, func(t *testing.T) { w.hold(t, name) })
	}
	t.Run("do not hold others", w.others)
	t.Run("hold one that fights", w.fights)
	t.Run("outlive processes", w.deaths)
	t.Run("are set again", w.setAgain)
	t.Run("of a network", w.ofNetwork)
	t.Run("of a sandbox", w.ofSandbox)
	t.Run("on a bridge", w.onBridge)
	t.Run("on an overlay", w.onOverlay)
	t.Run("are refused", w.refused)
	t.Run("leave nothing", w.leaveNothing)
}

func (w *limiting) shown(t *testing.T) {
	want := fmt.Sprintf("%s %s", slowEgress, slowIngress)
	const format = "{{.Limits.Egress}} {{.Limits.Ingress}}"
	if got := w.CLI(t, "endpoint", "inspect", "--format", format, "h1/slow.web"); got != want {
		t.Errorf("endpoint inspect: got %q, want %q", got, want)
	}
	if got := w.CLI(t, "network", "inspect", "--format", "{{range .Attached}}{{if .Limits}}{{.Container}} "+
		"{{.Limits.Egress}} {{.Limits.Ingress}}{{end}}{{end}}", "web"); got != "slow "+want {
		t.Errorf("network inspect: got %q, want %q", got, "slow "+want)
	}
	w.slow.Reaches(t, w.far, "web")
	w.far.Reaches(t, w.slow, "web")
}

// hold sends in one way from and to the slow one.
func (w *limiting) hold(t *testing.T, name string) {
	others := []*harness.Container{w.near, w.far}
	if name != "TCP" { // what is sent otherwise takes the same ways
		others = others[:1]
	}
	for _, other := range others {
		w.slow.Reaches(t, other, "web") // now they are neighbours
		other.Reaches(t, w.slow, "web")
		held(t, "to "+other.Name+" it sends", w.rate(t, w.slow, other, ways(other.Address(t, "web"))[name]), slowEgress)
		held(t, "from "+other.Name+" it receives", w.rate(t, other, w.slow, ways(w.slow.Address(t, "web"))[name]), slowIngress)
	}
}

func (w *limiting) others(t *testing.T) {
	w.free(t, w.near, w.far, "web")
}

// free waits until a container without limits sends at more than those of the others.
func (w *limiting) free(t *testing.T, from, to *harness.Container, network string) {
	t.Helper()
	harness.Within(t, 3*harness.Patience, from.Name+" sends without a limit", func() error {
		if got := w.rate(t, from, to, ways(to.Address(t, network))["TCP"]); got < 3*slowEgress {
			return fmt.Errorf("it sends at %d bits a second", got)
		}
		return nil
	})
}

// fights does what only an administrator of the container's network can do.
func (w *limiting) fights(t *testing.T) {
	pid := w.On(t, "h1", "docker", "inspect", "-f", "{{.State.Pid}}", "slow")
	for _, line := range []string{
		"tc qdisc replace dev eth0 root pfifo limit 100000",
		"ip link set eth0 txqueuelen 100000",
		"tc qdisc add dev eth0 ingress",
	} {
		w.On(t, "h1", append([]string{"nsenter", "-t", pid, "-n"}, strings.Fields(line)...)...)
	}
	w.slow.Exec(t, "ip", "link", "set", "eth0", "mtu", "1000")
	held(t, "it sends", w.rate(t, w.slow, w.near, ways(w.near.Address(t, "web"))["TCP"]), slowEgress)
	w.slow.Exec(t, "ip", "link", "set", "eth0", "mtu", "1450")
}

func (w *limiting) deaths(t *testing.T) {
	for _, program := range []string{"switch", "ovs-vswitchd", "ovsdb-server"} {
		if err := w.Crash(t.Context(), "h1", program); err != nil {
			t.Fatal(err)
		}
		w.slow.Reaches(t, w.near, "web")
		held(t, "after the death of "+program+" it sends", w.rate(t, w.slow, w.near, ways(w.near.Address(t, "web"))["UDP"]), slowEgress)
		held(t, "after the death of "+program+" it receives", w.rate(t, w.far, w.slow, ways(w.slow.Address(t, "web"))["UDP"]), slowIngress)
	}
}

// shapedLinks returns the links of a host at which rates wait.
func (w *limiting) shapedLinks(t *testing.T, host string) []string {
	t.Helper()
	var links []string
	for line := range strings.Lines(w.On(t, host, "tc", "qdisc", "show")) {
		if f := strings.Fields(line); len(f) > 4 && f[1] == "tbf" {
			links = append(links, f[4])
		}
	}
	return links
}

// setAgain removes limits on the host, which the switch process sees when it next
// looks at what there is.
func (w *limiting) setAgain(t *testing.T) {
	links := w.shapedLinks(t, "h1")
	if len(links) != 2 {
		t.Fatalf("limits are at %q", links)
	}
	for _, link := range links {
		w.On(t, "h1", "tc", "qdisc", "del", "dev", link, "root")
		w.On(t, "h1", "tc", "qdisc", "del", "dev", link, "ingress")
	}
	harness.Eventually(t, "limits are set again", func() error {
		if now := w.shapedLinks(t, "h1"); len(now) != len(links) {
			return fmt.Errorf("they are at %q", now)
		}
		return nil
	})
	harness.Eventually(t, "slow is reached", func() error {
		if r := w.slow.Ask("tcp", w.near.Address(t, "web")); r.Exit != 0 {
			return errors.New(r.String())
		}
		return nil
	})
	held(t, "it sends", w.rate(t, w.slow, w.near, ways(w.near.Address(t, "web"))["TCP"]), slowEgress)
}

// ofNetwork makes a network with limits on one host, which hold on the other, and
// not those who have others or none.
func (w *limiting) ofNetwork(t *testing.T) {
	w.RemoveLater(t, "narrow")
	w.On(t, "h1", "docker", "network", "create", "-d", "linkspan", "--ipam-driver", "linkspan", "--subnet", "10.65.0.0/24",
		"-o", linkspan.OptionEgress+"="+slowEgress.String(), "narrow")
	w.Shown(t, "narrow")
	if got := w.CLI(t, "network", "inspect", "--format", "{{.Limits}}", "narrow"); got != "egress 20mbit, ingress none" {
		t.Errorf("network inspect: %q", got)
	}
	usual := w.run(t, "h2", "usual", "--network", "narrow")
	free := w.run(t, "h2", "free", "--network", "name=narrow,driver-opt="+linkspan.OptionEgress+"=none")
	held(t, "one with its network's limit sends", w.rate(t, usual, free, ways(free.Address(t, "narrow"))["TCP"]), slowEgress)
	w.free(t, free, usual, "narrow") // of its network's limit
}

func (w *limiting) ofSandbox(t *testing.T) {
	w.On(t, "h1", w.Binary, "sandbox", "create", "--network", "web", "--driver-opt", linkspan.OptionEgress+"="+slowEgress.String(), "box")
	t.Cleanup(func() { w.On(t, "h1", w.Binary, "sandbox", "rm", "--force", "box") })
	ended := make(chan harness.Result, 1)
	to := w.far.Address(t, "web") + ":" + sinkPort
	go func() {
		ended <- w.Try("h1", w.Binary, "sandbox", "exec", "box", "--", w.flooder, "streams", to, "6s")
	}()
	harness.Eventually(t, "the sandbox sends", func() error {
		if r := w.measure(t, w.far, "0.2"); r < linkspan.Megabit {
			return fmt.Errorf("it sends %d bits a second", r)
		}
		return nil
	})
	held(t, "a sandbox sends", w.measure(t, w.far, "2"), slowEgress)
	if r := <-ended; r.Exit != 0 {
		t.Error(r)
	}
}

func (w *limiting) onBridge(t *testing.T) {
	w.On(t, "h1", "docker", "network", "create", "-d", "linkspan-bridge", "local")
	t.Cleanup(func() { w.On(t, "h1", "docker", "network", "rm", "local") })
	w.pair(t, "local", "h1", "h1")
}

func (w *limiting) onOverlay(t *testing.T) {
	w.Network(t, "wire", "10.66.0.0/24", "--driver", "overlay")
	w.pair(t, "wire", "h1", "h2")
}

// pair holds one container of a network and not the other.
func (w *limiting) pair(t *testing.T, network, at, other string) {
	t.Helper()
	free := w.run(t, other, "free-"+network, "--network", network)
	slow := w.run(t, at, "slow-"+network, "--network", "none")
	w.On(t, at, "docker", "network", "disconnect", "none", slow.Name)
	w.On(t, at, "docker", "network", "connect", "--driver-opt", linkspan.OptionEgress+"="+slowEgress.String(),
		"--driver-opt", linkspan.OptionIngress+"="+slowIngress.String(), network, slow.Name)
	held(t, "it sends", w.rate(t, slow, free, ways(free.Address(t, network))["TCP"]), slowEgress)
	held(t, "it receives", w.rate(t, free, slow, ways(slow.Address(t, network))["UDP"]), slowIngress)
	slow.Remove(t)
	free.Remove(t)
}

func (w *limiting) refused(t *testing.T) {
	w.Network(t, "second", "10.68.0.0/24")
	for _, test := range []struct {
		argv []string
		exit int
		says string
	}{
		{w.RunArgs("bad", "--network", "name=web,driver-opt="+linkspan.OptionEgress+"=fast"), 125, "from 64kbit to 100gbit"},
		{w.RunArgs("bad", "--network", "name=web,driver-opt=linkspan.rate=1mbit"), 125, "unknown driver option linkspan.rate"},
		{[]string{"docker", "network", "create", "-d", "linkspan", "--ipam-driver", "linkspan", "--subnet", "10.67.0.0/24", "-o", linkspan.OptionIngress + "=50MB", "bad"}, 1, "from 64kbit to 100gbit"},
		{[]string{"docker", "network", "create", "-d", "linkspan-macvlan", "-o", linkspan.OptionIngress + "=1mbit", "bad"}, 1, "this driver limits nothing"},
		{[]string{w.Binary, "network", "connect", "--driver-opt", linkspan.OptionEgress + "=1", "second", "far"}, 1, "from 64kbit to 100gbit"},
		{[]string{w.Binary, "network", "create", "--subnet", "10.67.0.0/24", "-o", linkspan.OptionEgress + "=0mbit", "bad"}, 1, "from 64kbit to 100gbit"},
	} {
		host := "h1"
		if test.argv[len(test.argv)-1] == "far" {
			host = "h2"
		}
		if r := w.Try(host, test.argv...); r.Exit != test.exit || !strings.Contains(r.Err, test.says) {
			t.Errorf("%s: got %v, want exit status %d and %q", strings.Join(test.argv, " "), r, test.exit, test.says)
		}
		w.Try(host, "docker", "rm", "-f", "bad")
	}
}

// leftOfLimits finds the links beside an endpoint's own at which limits stand.
var leftOfLimits = regexp.MustCompile(`\bl[sbo][im]-`)

func (w *limiting) leaveNothing(t *testing.T) {
	w.slow.Remove(t)
	harness.Eventually(t, "no limits are left", func() error {
		out := w.On(t, "h1", "ip", "-o", "link", "show", "type", "veth")
		if shaped := w.shapedLinks(t, "h1"); len(shaped) > 0 || leftOfLimits.MatchString(out) {
			return fmt.Errorf("limits are at %q, links are\n%s", shaped, out)
		}
		return nil
	})
}
