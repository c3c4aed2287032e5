// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
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
		r := c.Ask(protocol, address)
		if strings.Contains(r.Err, "connection refused") {
			other.listens(t) // it had not come so far, so that this said nothing of the way to it
			r = c.Ask(protocol, address)
		}
		if r.Exit != 0 || r.Out != other.Name {
			t.Errorf("%s of %s asks %s of %s at %s by %s: %v", c.Name, c.Host, other.Name, other.Host, address, protocol, r)
		}
	}
}

// listens waits until the container's program, which has just been started, answers in it.
func (c *Container) listens(t *testing.T) {
	t.Helper()
	c.Prints(t, Words(c.Name), "/probe", "ask", "tcp", "127.0.0.1:"+Port)
}

// Isolated checks that nobody answers at an address where nobody ever did: not to ping, TCP
// or UDP. Where somebody did a moment ago it is [Container.CutOff].
func (c *Container) Isolated(t *testing.T, address string) {
	t.Helper()
	if err := c.answered(address); err != nil {
		t.Error(err)
	}
}

// CutOff waits until nobody answers any more at an address: switches may forward by what
// they knew for a moment after the command that forbids it.
func (c *Container) CutOff(t *testing.T, address string) {
	t.Helper()
	Eventually(t, fmt.Sprintf("%s of %s is cut off %s", c.Name, c.Host, address), func() error { return c.answered(address) })
}

// asked is what ping or the probe says where it has asked in vain, unlike a container in which
// nothing runs.
var asked = regexp.MustCompile(`packets transmitted|ping: |probe: `)

// answered tells who answers at an address, or that nobody was asked; else it returns nil.
func (c *Container) answered(address string) error {
	const wait = "2s"
	ways := map[string][]string{
		"ping": {"ping", "-c", "2", "-i", "0.2", "-W", "2", address},
		"tcp":  {"/probe", "ask", "-wait", wait, "tcp", address + ":" + Port},
		"udp":  {"/probe", "ask", "-wait", wait, "udp", address + ":" + Port},
	}
	faults := make(chan error, len(ways))
	for name, argv := range ways {
		go func() {
			switch r := c.Try(argv...); {
			case r.Exit == 0:
				faults <- fmt.Errorf("%s of %s reaches %s by %s: %v", c.Name, c.Host, address, name, r)
			case !asked.MatchString(r.Out + r.Err):
				faults <- fmt.Errorf("%s of %s does not ask %s by %s: %v", c.Name, c.Host, address, name, r)
			default:
				faults <- nil
			}
		}()
	}
	var all error
	for range ways {
		all = errors.Join(all, <-faults)
	}
	return all
}
