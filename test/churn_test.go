// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan/test/harness"
)

// TestFiftyContainers creates fifty containers on both hosts at once, and
// removes them: no address is given twice, and nothing is left.
func TestFiftyContainers(t *testing.T) {
	l := shared(t)
	l.Network(t, "crowd", "10.43.0.0/24", "--idle", "2s")
	before := l.Settled(t)
	const many, atOnce = 50, 8
	each := func(do func(c *harness.Container) harness.Result) {
		t.Helper()
		var all errgroup.Group
		all.SetLimit(atOnce)
		for i := range many {
			c := &harness.Container{Lab: l, Host: l.Hosts()[i%2], Name: fmt.Sprintf("crowd%d", i)}
			all.Go(func() error {
				if r := do(c); r.Exit != 0 {
					return fmt.Errorf("%s on %s: %v", c.Name, c.Host, r)
				}
				return nil
			})
		}
		if err := all.Wait(); err != nil {
			t.Error(err)
		}
	}
	remove := func(c *harness.Container) harness.Result { return l.Try(c.Host, "docker", "rm", "-f", c.Name) }
	t.Cleanup(func() {
		if t.Failed() {
			each(remove)
		}
	})
	each(func(c *harness.Container) harness.Result {
		return l.Try(c.Host, l.RunArgs(c.Name, "--network", "crowd")...)
	})
	checkUnique(t, l, many)
	first := &harness.Container{Lab: l, Host: "h1", Name: "crowd0"}
	for i := 1; i < many; i += 7 {
		first.Reaches(t, &harness.Container{Lab: l, Host: l.Hosts()[i%2], Name: fmt.Sprintf("crowd%d", i)}, "crowd")
	}
	each(remove)
	l.Back(t, before)
}

// checkUnique checks that what the controller lists is what the containers have,
// each once.
func checkUnique(t *testing.T, l *harness.Lab, want int) {
	t.Helper()
	seen := make(map[string]string)
	for _, host := range l.Hosts() {
		out := l.On(t, host, "sh", "-c",
			`docker inspect -f '{{.Name}} {{.NetworkSettings.Networks.crowd.IPAddress}}' $(docker ps -q --filter name=crowd)`)
		for line := range strings.Lines(out) {
			name, address, _ := strings.Cut(strings.TrimSpace(line), " ")
			if other, taken := seen[address]; taken || address == "" {
				t.Errorf("address %q is given to %s and %s", address, name, other)
			}
			seen[address] = name
		}
	}
	listed, err := l.Lines("endpoint", "ls", "--network", "crowd", "--format", "{{.Address}}")
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range listed {
		if seen[address] == "" {
			t.Errorf("the controller lists %s, which no container has", address)
		}
	}
	if len(seen) != want || len(listed) != want {
		t.Errorf("%d containers, %d endpoints, want %d", len(seen), len(listed), want)
	}
}
