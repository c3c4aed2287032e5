// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// Network creates a network with the command line, waits until every host shows
// it, and removes it at the end of the test.
func (l *Lab) Network(t *testing.T, name, subnet string, flags ...string) {
	t.Helper()
	l.RemoveLater(t, name)
	args := append([]string{"network", "create", "--subnet", subnet}, flags...)
	l.CLI(t, append(args, name)...)
	l.Shown(t, name)
}

// RemoveLater removes the network, if it is there, at the end of the test.
func (l *Lab) RemoveLater(t *testing.T, name string) {
	t.Cleanup(func() {
		Eventually(t, "network "+name+" can be removed", func() error {
			names, err := l.Lines("network", "ls", "--filter", "scope=global", "--format", "{{.Name}}")
			if err != nil || !slices.Contains(names, name) {
				return err
			}
			if r := l.TryCLI("network", "rm", name); r.Exit != 0 {
				return errors.New(r.String())
			}
			return nil
		})
		l.Gone(t, name)
	})
}

// Shown waits until docker network ls of every host has the name.
func (l *Lab) Shown(t *testing.T, name string) {
	t.Helper()
	l.shows(t, name, 1)
}

// Gone waits until docker network ls of no host has the name.
func (l *Lab) Gone(t *testing.T, name string) {
	t.Helper()
	l.shows(t, name, 0)
}

func (l *Lab) shows(t *testing.T, name string, want int) {
	t.Helper()
	for _, host := range l.Hosts() {
		Eventually(t, fmt.Sprintf("%s shows %d networks named %s", host, want, name), func() error {
			names, err := l.DockerNetworks(host)
			if got := count(names, name); err == nil && got != want {
				err = fmt.Errorf("it shows %d: %q", got, names)
			}
			return err
		})
	}
}

func count(list []string, s string) int {
	n := 0
	for _, e := range list {
		if e == s {
			n++
		}
	}
	return n
}

// DockerNetworks returns the names in docker network ls of a host.
func (l *Lab) DockerNetworks(host string) ([]string, error) {
	r := l.Try(host, "docker", "network", "ls", "--format", "{{.Name}}")
	if r.Exit != 0 {
		return nil, errors.New(r.String())
	}
	return lines(r.Out), nil
}
