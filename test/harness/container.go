// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// Port is where the probe answers in a container, by TCP and UDP.
const Port = "7000"

// Container is one that runs the probe: it says its name to whoever connects.
type Container struct {
	Lab  *Lab
	Host string
	Name string
}

// RunArgs is docker run's command line for a container of that name that
// answers, with more options of docker run.
func (l *Lab) RunArgs(name string, options ...string) []string {
	args := []string{
		"docker", "run", "-d", "--name", name, "--hostname", name, "--stop-timeout", "1",
		"--volume", l.site.Probe + ":/probe:ro",
	}
	return append(append(args, options...), "busybox", "/probe", "serve", ":"+Port)
}

// Run starts a container that answers, and removes it at the end of the test.
func (l *Lab) Run(t *testing.T, host, name string, options ...string) *Container {
	t.Helper()
	c := &Container{l, host, name}
	t.Cleanup(func() { c.Remove(t) })
	l.On(t, host, l.RunArgs(name, options...)...)
	return c
}

// Remove removes the container; one that is gone is no error.
func (c *Container) Remove(t *testing.T) {
	t.Helper()
	r := c.Lab.Try(c.Host, "docker", "rm", "-f", c.Name)
	if r.Exit != 0 && !strings.Contains(r.Err, "No such container") {
		t.Errorf("remove container %s: %v", c.Name, r)
	}
}

// Address returns the container's address in a network.
func (c *Container) Address(t *testing.T, network string) string {
	t.Helper()
	address := c.Lab.On(t, c.Host, "docker", "inspect", "-f",
		fmt.Sprintf("{{(index .NetworkSettings.Networks %q).IPAddress}}", network), c.Name)
	if address == "" {
		t.Fatalf("container %s has no address in %s", c.Name, network)
	}
	return address
}

// Try runs a command in the container, whatever comes of it.
func (c *Container) Try(argv ...string) Result {
	return c.Lab.Try(c.Host, append([]string{"docker", "exec", c.Name}, argv...)...)
}

// Exec runs a command in the container and returns what it printed; it must
// succeed.
func (c *Container) Exec(t *testing.T, argv ...string) string {
	t.Helper()
	return c.Lab.On(t, c.Host, append([]string{"docker", "exec", c.Name}, argv...)...)
}

// Ask returns who answers at the address, over tcp or udp.
func (c *Container) Ask(protocol, address string) Result {
	return c.Try("/probe", "ask", protocol, address+":"+Port)
}

// Reaches checks that the other container answers this one in the network, by
// TCP and by UDP.
func (c *Container) Reaches(t *testing.T, other *Container, network string) {
	t.Helper()
	address := other.Address(t, network)
	for _, protocol := range []string{"tcp", "udp"} {
		if r := c.Ask(protocol, address); r.Exit != 0 || r.Out != other.Name {
			t.Errorf("%s of %s asks %s of %s at %s by %s: %v", c.Name, c.Host, other.Name, other.Host, address, protocol, r)
		}
	}
}

// Isolated checks that nobody answers at the address: not to ping, TCP or UDP.
func (c *Container) Isolated(t *testing.T, address string) {
	t.Helper()
	const wait = "2s"
	var asking sync.WaitGroup
	for name, argv := range map[string][]string{
		"ping": {"ping", "-c", "2", "-i", "0.2", "-W", "1", address},
		"tcp":  {"/probe", "ask", "-wait", wait, "tcp", address + ":" + Port},
		"udp":  {"/probe", "ask", "-wait", wait, "udp", address + ":" + Port},
	} {
		asking.Go(func() {
			if r := c.Try(argv...); r.Exit == 0 {
				t.Errorf("%s of %s reaches %s by %s: %v", c.Name, c.Host, address, name, r)
			}
		})
	}
	asking.Wait()
}
