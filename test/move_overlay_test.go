// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// overlaid moves a container of an overlay: address and MAC stay, and the kernel of who
// talks to it has its new place.
func (m *moving) overlaid(t *testing.T) {
	m.Network(t, "wide", "10.76.0.0/24", "--driver", "overlay")
	talker := m.Run(t, "h3", "widetalker", "--network", "wide")
	m.comesBack(t, "widened")
	m.On(t, "h1", m.RunArgs("widened", "--network", "wide")...)
	const format = `{{with index .NetworkSettings.Networks "wide"}}{{.IPAddress}} {{.MacAddress}}{{end}}`
	was := m.On(t, "h1", "docker", "inspect", "-f", format, "widened")
	old := &harness.Container{Lab: m.Lab, Host: "h1", Name: "widened"}
	address := old.Address(t, "wide")
	talker.Reaches(t, old, "wide")
	m.CLI(t, "endpoint", "move", "--shared", m.Probe(), "--to", "h2", "widened")
	if now := m.On(t, "h2", "docker", "inspect", "-f", format, "widened"); now != was {
		t.Errorf("it was %s and is %s", was, now)
	}
	harness.Eventually(t, "it is reached at its new place", func() error {
		if r := talker.Ask("tcp", address); r.Exit != 0 || r.Out != "widened" {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
}
