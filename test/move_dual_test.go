// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// dual moves a container that has IPv6 too: both addresses stay, and are answered at.
func (m *moving) dual(t *testing.T) {
	m.Network(t, "dual", "10.77.0.0/24", "--ipv6", "--subnet", "fd00:77::/64")
	talker := m.Run(t, "h3", "dualtalker", "--network", "dual")
	m.comesBack(t, "both")
	m.On(t, "h1", m.RunArgs("both", "--network", "dual", "--ip6", "fd00:77::50")...)
	const format = `{{with index .NetworkSettings.Networks "dual"}}{{.IPAddress}} {{.GlobalIPv6Address}} {{.MacAddress}}{{end}}`
	was := m.On(t, "h1", "docker", "inspect", "-f", format, "both")
	answers := func() {
		t.Helper()
		for _, address := range []string{strings.Fields(was)[0], "[fd00:77::50]"} {
			harness.Eventually(t, address+" answers", func() error {
				if r := talker.Ask("tcp", address); r.Exit != 0 || r.Out != "both" {
					return fmt.Errorf("%v", r)
				}
				return nil
			})
		}
	}
	answers()
	m.CLI(t, "endpoint", "move", "--shared", m.Probe(), "--to", "h2", "both")
	if now := m.On(t, "h2", "docker", "inspect", "-f", format, "both"); now != was {
		t.Errorf("it was %s and is %s", was, now)
	}
	answers()
	m.leaves(t, "fd00:77::50")
}
