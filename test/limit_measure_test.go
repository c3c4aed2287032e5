// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

// limiting is containers with limits and without, that send as fast as they can.
type limiting struct {
	*harness.Lab
	flooder   string   // on the hosts
	mount     []string // of it, for docker run
	slow      *harness.Container
	near, far *harness.Container // without limits, on its host and on the other
}

// Limits are far below what any machine does, so that what is measured is they.
const (
	slowEgress  = 20 * linkspan.Megabit
	slowIngress = 10 * linkspan.Megabit
)

// sinkPort takes what is sent, in near and far.
const sinkPort = "7100"

func newLimiting(t *testing.T) *limiting {
	t.Helper()
	l := own(t, lab.Config{Hosts: 2})
	l.Network(t, "web", "10.64.0.0/24")
	w := &limiting{Lab: l, flooder: buildFlooder(t, l)}
	w.mount = []string{"--volume", w.flooder + ":/flooder:ro"}
	w.slow = w.run(t, "h1", "slow", "--cap-add", "NET_ADMIN", "--network", fmt.Sprintf("name=web,driver-opt=%s=%s,driver-opt=%s=%s",
		linkspan.OptionEgress, slowEgress, linkspan.OptionIngress, slowIngress))
	w.near = w.run(t, "h1", "near", "--network", "web")
	w.far = w.run(t, "h2", "far", "--network", "web")
	return w
}

// run starts a container that takes what is sent to it.
func (w *limiting) run(t *testing.T, host, name string, options ...string) *harness.Container {
	t.Helper()
	c := w.Run(t, host, name, append(append([]string{}, w.mount...), options...)...)
	w.On(t, host, "docker", "exec", "-d", name, "/flooder", "sink", ":"+sinkPort, "30m")
	return c
}

// ways are how a container sends, as arguments of the flooder.
func ways(to string) map[string][]string {
	return map[string][]string{
		"TCP":    {"streams", to + ":" + sinkPort},
		"UDP":    {"large", to + ":" + sinkPort},
		"frames": {"raw", "eth0", to},
	}
}

// rate returns at which rate frames come in at a container while another sends
// to it.
func (w *limiting) rate(t *testing.T, from, to *harness.Container, flood []string) linkspan.Rate {
	t.Helper()
	ended := make(chan harness.Result, 1)
	go func() { ended <- from.Try(append(append([]string{"/flooder"}, flood...), "6s")...) }()
	harness.Eventually(t, from.Name+" sends to "+to.Name, func() error {
		if r := w.measure(t, to, "0.2"); r < linkspan.Megabit {
			return fmt.Errorf("it sends %d bits a second", r)
		}
		return nil
	})
	r := w.measure(t, to, "2")
	if end := <-ended; end.Exit != 0 {
		t.Errorf("%s: %v", strings.Join(flood, " "), end)
	}
	return r
}

// measure returns what comes in at a container's first interface, for some
// seconds.
func (*limiting) measure(t *testing.T, c *harness.Container, seconds string) linkspan.Rate {
	t.Helper()
	const look = "cat /proc/uptime /sys/class/net/eth0/statistics/rx_bytes"
	out := strings.Fields(c.Exec(t, "sh", "-c", look+"; sleep "+seconds+"; "+look))
	if len(out) != 6 {
		t.Fatalf("counters of %s are %q", c.Name, out)
	}
	number := func(i int) float64 {
		n, err := strconv.ParseFloat(out[i], 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return linkspan.Rate((number(5) - number(2)) * 8 / (number(3) - number(0)))
}

// held fails unless a rate is a limit's, or some of it at least, whatever else the
// machine has to do.
func held(t *testing.T, what string, got, limit linkspan.Rate) {
	t.Helper()
	if got > limit*12/10 || got < limit/8 {
		t.Errorf("%s at %d bits a second, limited to %s", what, got, limit)
	}
}
