// SPDX-License-Identifier: Apache-2.0

package test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/linkspan/linkspan/lab/boot"
	"github.com/linkspan/linkspan/test/harness"
)

const (
	mostContainers = 24
	mostNetworks   = 5
	removal        = "network rm"
)

// world is what there is to be, as far as the soak made it.
type world struct {
	t *testing.T
	l *harness.Lab

	rand       *rand.Rand
	round      int
	serial     int
	calm       bool
	victims    []victim
	networks   map[string]bool
	containers map[string]*resident
	special    *action
	slowest    time.Duration // until everything was right
	returned   time.Duration // until everything was back, at the end
	left       leftovers
	talk       harness.Progress // of the conversation
	began      map[string]usage // by node
	series     map[string]series

	mu     sync.Mutex // of what follows
	failed []*action
	counts map[string]int
	struck map[victim]int
	ended  map[string]int // the last round in which the dockerd of a host was told to end
}

// resident is a container of the soak.
type resident struct {
	*harness.Container
	network string
}

// action is something that is done under kills and, if it failed, once more.
type action struct {
	name string
	do   func(w *world) error
}

func newWorld(t *testing.T, l *harness.Lab, seed uint64) *world {
	w := &world{t: t, l: l, rand: rand.New(rand.NewPCG(seed, 0)), networks: make(map[string]bool),
		containers: make(map[string]*resident), counts: make(map[string]int), struck: make(map[victim]int), ended: make(map[string]int),
		series: make(map[string]series)}
	w.victims = []victim{{"controller", "controller"}}
	for _, host := range l.Hosts() {
		for _, program := range []string{"switch", "ovsdb-server", "ovs-vswitchd", "dockerd"} {
			w.victims = append(w.victims, victim{host, program})
		}
	}
	return w
}

// plan draws a round's actions. The world is then as they will leave it.
func (w *world) plan() []*action {
	w.special = nil
	var plan []*action
	busy := make(map[string]bool) // networks of this round's containers
	old := slices.Sorted(maps.Keys(w.containers))
	for range 6 + w.rand.IntN(6) {
		names := slices.Sorted(maps.Keys(w.networks))
		switch n := w.rand.IntN(12); {
		case len(names) == 0 || n == 0 && len(names) < mostNetworks:
			name := fmt.Sprintf("n%d", w.next())
			w.networks[name], busy[name] = true, true
			// At once: containers of this round are to be in it.
			w.perform(&action{"network create", func(w *world) error { return w.create(name) }})
		case n == 1 && len(names) > 1:
			if name := pick(w.rand, names); !busy[name] {
				plan = append(plan, w.dissolve(name))
			}
		case n < 8 && len(w.containers) < mostContainers:
			r := w.resident(pick(w.rand, names))
			busy[r.network] = true
			plan = append(plan, &action{"docker run", r.start})
		case len(old) > 0: // one of this round may not be there yet
			if r := w.containers[pick(w.rand, old)]; r != nil {
				delete(w.containers, r.Name)
				plan = append(plan, &action{"docker rm", r.stop})
			}
		}
	}
	switch w.rand.IntN(10) {
	case 0:
		w.special = &action{"reboot of h3", w.leaveH3((*world).reboot)}
	case 1:
		w.special = &action{"h3 leaves and joins", w.leaveH3((*world).rejoin)}
	}
	return plan
}

func (w *world) next() int {
	w.serial++
	return w.serial
}

func (w *world) resident(network string) *resident {
	name := fmt.Sprintf("s%d", w.next())
	r := &resident{&harness.Container{Lab: w.l, Host: pick(w.rand, w.l.Hosts()), Name: name}, network}
	w.containers[name] = r
	return r
}

// later keeps an action for when it is quiet.
func (w *world) later(a *action) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed = append(w.failed, a)
	w.counts[a.name+", not at once"]++
}

// perform does something until it succeeds. A network can be removed when the
// addresses that were left over in it have been swept.
func (w *world) perform(a *action) {
	w.t.Helper()
	patience := harness.Patience
	if a.name == removal {
		patience = sweeping
	}
	harness.Within(w.t, patience, fmt.Sprintf("round %d: %s", w.round, a.name), func() error { return a.do(w) })
}

func (w *world) count(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[what]++
}

func (w *world) create(name string) error {
	subnet := fmt.Sprintf("10.61.%d.0/24", w.serial%250)
	r := w.l.TryCLI("network", "create", "--subnet", subnet, "--idle", "4s", name)
	if r.Exit != 0 && !strings.Contains(r.Err, "exists") {
		return fmt.Errorf("%v", r)
	}
	for _, host := range w.l.Hosts() {
		if list, err := w.l.DockerNetworks(host); err != nil || !slices.Contains(list, name) {
			return errors.Join(err, fmt.Errorf("%s of %s does not show %s", "docker network ls", host, name))
		}
	}
	w.count("network create")
	return nil
}

// dissolve removes a network with its containers.
func (w *world) dissolve(name string) *action {
	delete(w.networks, name)
	var list []*resident
	for _, r := range w.containers {
		if r.network == name {
			list = append(list, r)
			delete(w.containers, r.Name)
		}
	}
	return &action{removal, func(w *world) error {
		for _, r := range list {
			if err := r.stop(w); err != nil {
				return err
			}
		}
		if r := w.l.TryCLI("network", "rm", name); r.Exit != 0 && !strings.Contains(r.Err, "not found") {
			return fmt.Errorf("%v", r)
		}
		w.count(removal)
		return nil
	}}
}

// start makes the container, after what an attempt before has left.
func (r *resident) start(w *world) error {
	if err := r.stop(nil); err != nil {
		return err
	}
	if out := w.l.Try(r.Host, w.l.RunArgs(r.Name, "--network", r.network)...); out.Exit != 0 {
		return fmt.Errorf("%v", out)
	}
	w.count("docker run")
	return nil
}

func (r *resident) stop(w *world) error {
	out := r.Lab.Try(r.Host, "docker", "rm", "-f", r.Name)
	if out.Exit != 0 && !strings.Contains(out.Err, "No such container") {
		return fmt.Errorf("%v", out)
	}
	if w != nil && out.Out == r.Name { // it was there
		w.count("docker rm")
	}
	return nil
}

// leaveH3 empties h3 and does something to it.
func (w *world) leaveH3(do func(w *world) error) func(w *world) error {
	for name, r := range w.containers {
		if r.Host == "h3" {
			delete(w.containers, name)
		}
	}
	return func(w *world) error {
		w.retry() // they may be containers of h3
		harness.Eventually(w.t, "h3 is empty", func() error {
			return succeeded(w.l.Try("h3", "sh", "-c", "docker ps -aq | xargs -r docker rm -f"))
		})
		return do(w)
	}
}

func (w *world) reboot() error { return w.l.Reboot(w.t.Context(), "h3") }

// rejoin removes h3 from the fabric and lets it join as a new host.
func (w *world) rejoin() error {
	ctx := w.t.Context()
	if err := w.l.Stop(ctx, "h3", "switch"); err != nil {
		return err
	}
	var token harness.Result
	harness.Eventually(w.t, "h3 is removed", func() error {
		if r := w.l.TryCLI("switch", "rm", "--force", "h3"); r.Exit != 0 && !strings.Contains(r.Err, "no switch") {
			return fmt.Errorf("%v", r)
		}
		token = w.l.TryCLI("switch", "token", "-q")
		return succeeded(token)
	})
	if err := succeeded(w.l.Try("h3", "sh", "-c", "rm -rf /var/lib/linkspan/switch")); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(w.l.Dir(), "h3", boot.JoinFile), []byte(token.Out+"\n"), 0o600); err != nil {
		return err
	}
	return w.l.Start(ctx, "h3", "switch")
}

// retry does what failed under the kills.
func (w *world) retry() {
	w.t.Helper()
	w.mu.Lock()
	list := w.failed
	w.failed = nil
	w.mu.Unlock()
	for _, a := range list {
		w.perform(a)
	}
}

// end removes everything that the soak made.
func (w *world) end() {
	w.t.Helper()
	for _, name := range slices.Sorted(maps.Keys(w.networks)) {
		w.perform(w.dissolve(name))
	}
	for name := range w.networks {
		w.l.Gone(w.t, name)
	}
}
