// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/test/harness"
	"github.com/linkspan/linkspan/test/verdicts"
)

// town is the world of the table of verdicts, with a container for each of its own. In
// each a program sends, answers and tells what it has seen.
type town struct {
	*harness.Lab
	table   *verdicts.Table
	parties map[string]*harness.Terminal
}

// newTown builds it in a lab that goes with the test.
func newTown(t *testing.T, l *harness.Lab, table *verdicts.Table) *town {
	t.Helper()
	w := &town{l, table, make(map[string]*harness.Terminal)}
	for _, n := range table.Networks {
		if host, name := verdicts.There(n.Name); host != "" {
			l.On(t, host, "docker", "network", "create", "-d", "linkspan-bridge", "--subnet", n.Subnet.String(), name)
			continue
		}
		l.CLI(t, "network", "create", "--subnet", n.Subnet.String(), n.Name)
	}
	for _, n := range table.Networks {
		if host, name := verdicts.There(n.Name); host == "" {
			l.Shown(t, name)
		}
	}
	var starting errgroup.Group
	starting.SetLimit(4)
	for i := range table.Containers {
		starting.Go(func() error { return w.start(&table.Containers[i]) })
	}
	if err := starting.Wait(); err != nil {
		t.Fatal(err)
	}
	for i := range table.Containers {
		c := &harness.Container{Lab: l, Host: table.Containers[i].Host, Name: table.Containers[i].Name}
		w.parties[c.Name] = c.Open(t, append([]string{"/probe", "rows", "eth0"}, w.ports()...)...)
	}
	for _, p := range w.parties {
		p.Hears(t, "ready")
	}
	return w
}

func (w *town) start(c *verdicts.Container) error {
	_, network := verdicts.There(c.Network)
	options := []string{"--network", network, "--ip", c.Address.String()}
	for key, value := range c.Labels {
		options = append(options, "--label", key+"="+value)
	}
	if r := w.Try(c.Host, w.RunArgs(c.Name, options...)...); r.Exit != 0 {
		return fmt.Errorf("%s on %s: %v", c.Name, c.Host, r)
	}
	return nil
}

// ports returns all that containers answer at.
func (w *town) ports() []string {
	all := make(map[string]bool)
	for _, s := range w.table.Scenes {
		for _, r := range s.Rows {
			if r.What.Protocol == linkspan.ProtocolTCP || r.What.Protocol == linkspan.ProtocolUDP {
				all[r.What.String()] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// quiet is how long nothing is heard of a packet that was denied, after all that was
// to be heard of the others has been.
const quiet = time.Second

// send has rows sent for the nth time and returns what became of each: a verdict, or
// what was seen that is none.
func (w *town) send(t *testing.T, rows []verdicts.Row, n int) map[int]string {
	t.Helper()
	const times = 1000 // more than there are rows
	for _, r := range rows {
		to, err := w.table.Address(r.To)
		if err != nil {
			t.Fatal(err)
		}
		w.parties[r.From].Say(t, fmt.Sprint("send ", r.Number+n*times, " ", to, " ", r.What.Protocol, " ", r.What.First))
	}
	var got map[int]string
	look := func() (missing int) {
		seen := w.seen()
		got = make(map[int]string)
		for _, r := range rows {
			got[r.Number] = outcome(&r, seen[fmt.Sprint(r.Number+n*times)])
			if got[r.Number] != r.Verdict.String() {
				missing++
			}
		}
		return missing
	}
	patience := harness.Patience
	if n < attempts-1 {
		patience /= 12
	}
	for deadline := time.Now().Add(patience); look() > 0 && time.Now().Before(deadline); {
		time.Sleep(quiet / 20)
	}
	time.Sleep(quiet)
	look()
	w.stop(t)
	return got
}

// seen returns what was seen of each row's number, and where.
func (w *town) seen() map[string][]string {
	all := make(map[string][]string)
	for name, p := range w.parties {
		for _, line := range p.Heard() {
			if number, what, ok := strings.Cut(line, " "); ok {
				all[number] = append(all[number], what+" at "+name)
			}
		}
	}
	for _, what := range all {
		slices.Sort(what)
	}
	return all
}

// outcome returns the verdict that a row had, by what was seen of it; else what was seen.
func outcome(r *verdicts.Row, seen []string) string {
	text := strings.Join(seen, ", ")
	switch text {
	case "":
		return linkspan.PolicyDeny.String()
	case "answered at " + r.From + ", arrived at " + r.To:
		return linkspan.PolicyAllow.String()
	case "rejected at " + r.From:
		return linkspan.PolicyReject.String()
	}
	return text
}

// stop has nothing sent any more.
func (w *town) stop(t *testing.T) {
	t.Helper()
	stops := func() (n int) {
		for _, p := range w.parties {
			for _, line := range p.Heard() {
				if line == "stopped" {
					n++
				}
			}
		}
		return n
	}
	want := stops() + len(w.parties)
	for _, p := range w.parties {
		p.Say(t, "stop")
	}
	harness.Eventually(t, "nothing more is sent", func() error {
		if n := stops(); n < want {
			return fmt.Errorf("%d have not stopped", want-n)
		}
		return nil
	})
}
