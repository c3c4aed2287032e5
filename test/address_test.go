// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// TestAddressesRunOut fills the five addresses of a /29 from both hosts.
func TestAddressesRunOut(t *testing.T) {
	l := shared(t)
	l.Network(t, "tiny", "10.37.0.0/29")
	before := l.Settled(t)
	var full []*harness.Container
	for i := range 5 {
		host := l.Hosts()[i%2]
		full = append(full, l.Run(t, host, fmt.Sprintf("tiny%d", i), "--network", "tiny"))
	}
	for _, host := range l.Hosts() {
		r := l.Try(host, l.RunArgs("onemore", "--network", "tiny")...)
		if r.Exit == 0 || !strings.Contains(r.Err, "no free address") || !strings.Contains(r.Err, "10.37.0.0/29") {
			t.Errorf("a sixth container on %s: %v", host, r)
		}
		l.On(t, host, "docker", "rm", "-f", "onemore")
	}
	full[0].Remove(t)
	again := l.Run(t, "h2", "tiny5", "--network", "tiny")
	again.Reaches(t, full[2], "tiny")
	for _, c := range append(full, again) {
		c.Remove(t)
	}
	l.Back(t, before)
}

func TestAddressAsked(t *testing.T) {
	l := shared(t)
	l.Network(t, "asked", "10.38.0.0/24")
	c1 := l.Run(t, "h1", "asked1", "--network", "asked", "--ip", "10.38.0.77")
	if got := c1.Address(t, "asked"); got != "10.38.0.77" {
		t.Errorf("address %s", got)
	}
	before := l.Settled(t)
	for address, words := range map[string][]string{
		"10.38.0.77": {"10.38.0.77", "h1", "asked1"}, // taken, on the other host
		"10.38.0.1":  {"10.38.0.1", "gateway"},
	} {
		r := l.Try("h2", l.RunArgs("refused", "--network", "asked", "--ip", address)...)
		if r.Exit == 0 || !hasAll(r.Err, words) {
			t.Errorf("--ip %s: %v\nwant words %q", address, r, words)
		}
		l.On(t, "h2", "docker", "rm", "-f", "refused")
	}
	l.Back(t, before)
	c1.Remove(t)
	c2 := l.Run(t, "h2", "asked2", "--network", "asked", "--ip", "10.38.0.77")
	c3 := l.Run(t, "h1", "asked3", "--network", "asked")
	c3.Reaches(t, c2, "asked")
}
