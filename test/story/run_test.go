// SPDX-License-Identifier: Apache-2.0

package story

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// runnable says how a command of the documents is run in the demo's lab.
type runnable struct {
	command string                    // how the line begins
	host    bool                      // typed on a host, not beside the controller
	other   bool                      // typed on another host
	needs   func(w web, t *testing.T) // what must be there before
	change  func(string) string       // what stands for a word that only a person can fill in
}

func table() []runnable {
	return []runnable{
		{command: "docker run -d --network front", host: true, needs: func(w web, t *testing.T) { w.shown(t, "front", 1) }},
		{command: "docker run -d --network stock", other: true, needs: func(w web, t *testing.T) { w.shown(t, "stock", 1) }},
		{command: "linkspan group create court", needs: func(w web, t *testing.T) { w.inspected(t, "h1/yard") }},
		{command: "linkspan group"},
		{command: "linkspan connect", needs: func(w web, t *testing.T) { w.runs(t, "shop"); w.runs(t, "shelf") }},
		{command: "linkspan disconnect"},
		{command: "linkspan link"},
		{command: "linkspan network create -d bridge", host: true, needs: web.there},
		{command: "linkspan network connect", host: true, needs: web.there},
		{command: "linkspan network disconnect", host: true},
		{command: "linkspan network rm back", host: true},
		{command: "linkspan sandbox", host: true, needs: web.there},
		{command: "linkspan network create", needs: web.gone},
		{command: "docker network create", host: true, needs: web.gone},
		{command: "docker run --network web", host: true, needs: web.there, change: func(s string) string {
			return strings.Replace(s, " ...", " --rm busybox hostname", 1)
		}},
		{command: "docker exec c1 traceroute", host: true, needs: web.there},
		{command: "docker run -d --network multi --name c1", host: true},
		{command: "docker run -d --network multi --name c2", other: true, needs: func(w web, t *testing.T) { w.shown(t, "multi", 1) }},
		{command: "docker exec c2 ping -c 1 c1", other: true},
		{command: "linkspan network create --driver overlay"},
		{command: "linkspan network inspect multi"},
		{command: "docker rm -f c1", host: true},
		{command: "docker rm -f c2", other: true},
		{command: "linkspan network rm multi"},
		{command: "docker network rm web", host: true, needs: web.empty},
		{command: "linkspan network rm web", needs: web.empty},
		{command: "linkspan network", needs: web.there},
		{command: "linkspan route ls"},
		{command: "linkspan endpoint ls"},
		{command: "linkspan event ls"},
		{command: "linkspan switch ls"},
		{command: "linkspan switch inspect"},
		{command: "linkspan switch token"},
		{command: "linkspan service run --name probe", host: true},
		{command: "linkspan service ls", host: true},
		{command: "linkspan service inspect probe", host: true},
		{command: "linkspan service logs probe", host: true},
		{command: "linkspan service stop probe", host: true},
		{command: "linkspan service start probe", host: true},
		{command: "linkspan service rm probe", host: true},
		{command: "linkspan doctor"},
		{command: "linkspan doctor", host: true},
		{command: "linkspan lab status"},
		{command: "linkspan lab exec h1 -- docker run -d --name trace1", change: inDemo, needs: func(w web, t *testing.T) { w.shown(t, "tracefront", 1) }},
		{command: "linkspan lab exec", change: inDemo},
		{command: "linkspan trace", needs: func(w web, t *testing.T) { w.runs(t, "trace1"); w.runs(t, "trace2") }},
	}
}

// inDemo names the lab.
func inDemo(s string) string { return strings.Replace(s, "lab exec", "lab exec --name demo", 1) }

// swarms, limits, moves and registries are the guides whose commands need a lab, or containers, of
// their own: TestSwarm runs those of the first, TestLimits what the second tells, TestMoveGuide those of the third. Those
// of registries are run in test/registry.
const (
	swarms     = "swarm.md"
	limits     = "limits.md"
	moves      = "move.md"
	registries = "registry.md"
)

// runDocuments runs what README and guide tell, in their order.
func runDocuments(t *testing.T, h *harness.Home) {
	w := web{h}
	ran := 0
	for _, l := range documents(t, h.Repo) {
		if slices.Contains([]string{swarms, limits, moves, registries}, l.where) {
			continue
		}
		matched := ""
		for _, r := range table() {
			// The first match rules; further ones only if they are as long.
			if !strings.HasPrefix(l.text, r.command) || matched != "" && matched != r.command {
				continue
			}
			matched = r.command
			ran++
			if r.needs != nil {
				r.needs(w, t)
			}
			command := l.text
			if r.change != nil {
				command = r.change(command)
			}
			argv := []string{"sh", "-c", command}
			for host, typed := range map[string]bool{"h1": r.host, "h2": r.other} {
				if typed {
					argv = append([]string{"linkspan", "lab", "exec", "--name", "demo", host, "--"}, argv...)
				}
			}
			if res := h.Try(argv...); res.Exit != 0 {
				t.Errorf("%s: %s: %v", l.where, command, res)
			}
			if strings.Contains(command, "network create") && !ofOneHost(command) {
				w.known(t, l.text[strings.LastIndexByte(l.text, ' ')+1:])
			}
		}
	}
	if ran < 15 {
		t.Errorf("only %d commands were run", ran)
	}
}

// ofOneHost says whether a network is created that the controller does not know.
func ofOneHost(command string) bool {
	return slices.ContainsFunc([]string{"bridge", "macvlan", "linkspan-bridge", "linkspan-macvlan"}, func(driver string) bool {
		return strings.Contains(command, "-d "+driver+" ")
	})
}

// web is the documents' network on the demo's lab.
type web struct{ home *harness.Home }

func (w web) on(host string, argv ...string) harness.Result { return w.onIn("demo", host, argv...) }

func (w web) onIn(lab, host string, argv ...string) harness.Result {
	return w.home.Try(append([]string{"linkspan", "lab", "exec", "--name", lab, host, "--"}, argv...)...)
}

func (w web) exists(t *testing.T, name string) bool {
	t.Helper()
	return slices.Contains(strings.Fields(must(t, w.home, "linkspan", "network", "ls", "--format", "{{.Name}}")), name)
}

// known waits until the controller has a network, however it was made.
func (w web) known(t *testing.T, name string) {
	t.Helper()
	harness.Eventually(t, "the controller knows "+name, func() error {
		if !w.exists(t, name) {
			return errors.New("network ls does not show it")
		}
		return nil
	})
}

// inspected waits until the controller knows a network of one host.
func (w web) inspected(t *testing.T, name string) {
	t.Helper()
	harness.Eventually(t, "the controller knows "+name, func() error {
		if r := w.home.Try("linkspan", "network", "inspect", name); r.Exit != 0 {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
}

// runs waits until the controller has an endpoint of that container.
func (w web) runs(t *testing.T, name string) {
	t.Helper()
	w.runsIn(t, "demo", name)
}

func (w web) runsIn(t *testing.T, lab, name string) {
	t.Helper()
	harness.Eventually(t, "the controller knows container "+name, func() error {
		if r := w.home.Try("linkspan", "--lab", lab, "endpoint", "ls", "--format", "{{.Container}}"); !slices.Contains(strings.Fields(r.Out), name) {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
}

// empty takes the containers away; the network is there.
func (w web) empty(t *testing.T) {
	t.Helper()
	w.create(t)
	for host, name := range map[string]string{"h1": "c1", "h2": "c2"} {
		w.on(host, "docker", "rm", "-f", name)
	}
	harness.Eventually(t, "web has no endpoint", func() error {
		if out := must(t, w.home, "linkspan", "endpoint", "ls", "--network", "web", "-q"); out != "" {
			return errors.New(out)
		}
		return nil
	})
}

// gone takes the network away.
func (w web) gone(t *testing.T) {
	t.Helper()
	if w.exists(t, "web") {
		w.empty(t)
		must(t, w.home, "linkspan", "network", "rm", "web")
	}
	w.shown(t, "web", 0)
}

// there makes the network, with the documents' two containers.
func (w web) there(t *testing.T) {
	t.Helper()
	w.create(t)
	for host, c := range map[string][2]string{"h1": {"c1", "10.7.0.2"}, "h2": {"c2", "10.7.0.3"}} {
		if w.on(host, "docker", "inspect", c[0]).Exit == 0 {
			continue
		}
		if r := w.on(host, "docker", "run", "-d", "--name", c[0], "--network", "web", "--ip", c[1], "busybox", "sleep", "86400"); r.Exit != 0 {
			t.Fatalf("container %s: %v", c[0], r)
		}
	}
}

func (w web) create(t *testing.T) {
	t.Helper()
	if !w.exists(t, "web") {
		must(t, w.home, "linkspan", "network", "create", "--subnet", "10.7.0.0/24", "web")
	}
	w.shown(t, "web", 1)
}

// shown waits until docker network ls of both hosts has a network so many times.
func (w web) shown(t *testing.T, name string, want int) {
	t.Helper()
	w.shownIn(t, "demo", name, want)
}

func (w web) shownIn(t *testing.T, lab, name string, want int) {
	t.Helper()
	for _, host := range []string{"h1", "h2"} {
		harness.Eventually(t, host+" shows network "+name, func() error {
			out := w.onIn(lab, host, "docker", "network", "ls", "-q", "--filter", "name=^"+name+"$").Out
			if n := len(strings.Fields(out)); n != want {
				return fmt.Errorf("%d times, want %d", n, want)
			}
			return nil
		})
	}
}
