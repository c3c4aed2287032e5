// SPDX-License-Identifier: Apache-2.0

package test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

// moving is a lab whose hosts take part in moves, with somebody who talks all the
// time.
type moving struct {
	*harness.Lab
	talker *harness.Container
}

// TestMoves moves containers between hosts, by hand and by endpoint move.
func TestMoves(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 3, SwitchArgs: []string{"--allow-moves", "all"}})
	l.Network(t, "go", "10.71.0.0/24")
	l.Network(t, "stay", "10.72.0.0/24")
	m := &moving{l, l.Run(t, "h3", "talker", "--network", "go")}
	t.Run("by hand", func(t *testing.T) { m.byHand(t) })
	t.Run("by hand, under a policy", func(t *testing.T) {
		m.ruled(t)
		m.byHand(t)
	})
	t.Run("everything goes with it", m.everything)
	t.Run("published ports go with it", m.published)
	t.Run("an overlay stays one", m.overlaid)
	t.Run("both families go with it", m.dual)
	t.Run("its image goes before it", m.image)
	t.Run("what keeps it", m.kept)
	t.Run("it does not run there", m.putBack)
	for _, killed := range [][2]string{{"controller", "controller"}, {"h1", "switch"}, {"h2", "switch"}, {"h1", "dockerd"}, {"h2", "dockerd"}} {
		t.Run(killed[0]+"'s "+killed[1]+" is killed", func(t *testing.T) { m.killed(t, killed[0], killed[1]) })
	}
}

const policiesOfMoves = `apiVersion: linkspan/v1
kind: Policy
metadata: {name: moves-in}
spec:
  priority: 9
  action: allow
  to: [{labels: {move.test/role: goes}}]
  ports: [icmp/8, tcp/7000, udp/7000]
---
apiVersion: linkspan/v1
kind: Policy
metadata: {name: moves-not}
spec:
  priority: 8
  action: deny
  to: [{labels: {move.test/role: goes}}]
`

// ruled has what goes talk only as a policy says, which tracks connections.
func (m *moving) ruled(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(policiesOfMoves), 0o600); err != nil {
		t.Fatal(err)
	}
	m.CLI(t, "policy", "apply", "-f", file)
	t.Cleanup(func() { m.CLI(t, "policy", "rm", "--force", "moves-in", "moves-not") })
}

// byHand removes a container and runs another one with its address on another host.
func (m *moving) byHand(t *testing.T) {
	options := []string{"--network", "go", "--ip", "10.71.0.50", "--label", "move.test/role=goes"}
	old := m.Run(t, "h1", "byhand", options...)
	pings := m.talker.Pings(t, "10.71.0.50")
	m.talker.Reaches(t, old, "go")
	old.Remove(t)
	now := m.Run(t, "h2", "byhand", options...)
	m.followed(t, pings, now, "10.71.0.50")
}

// followed checks that who talked to a container that was on h1 talks to it on h2,
// and that no flow leads to its old place.
func (m *moving) followed(t *testing.T, pings *harness.Pings, now *harness.Container, address string) {
	t.Helper()
	started, err := time.Parse(time.RFC3339Nano, m.On(t, now.Host, "docker", "inspect", "-f", "{{.State.StartedAt}}", now.Name))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the first answer came %s after the container ran at its new place", pings.After(t, started))
	m.talker.Reaches(t, now, "go")
	m.placed(t, address)
}

// placed checks that flows of an address are where it is, on h2, and where the
// talker is.
func (m *moving) placed(t *testing.T, address string) {
	t.Helper()
	m.leaves(t, address)
	var routes []struct {
		A, B    string
		Chassis []string
	}
	if err := json.Unmarshal([]byte(m.CLI(t, "route", "ls", "-o", "json")), &routes); err != nil {
		t.Fatal(err)
	}
	seen := false
	for _, r := range routes {
		if r.A != address && r.B != address {
			continue
		}
		seen = true
		slices.Sort(r.Chassis)
		if diff := cmp.Diff([]string{"h2", "h3"}, r.Chassis); diff != "" {
			t.Errorf("a route of %s is on other hosts (-want +got):\n%s", address, diff)
		}
	}
	if !seen {
		t.Errorf("there is no route of %s", address)
	}
}

// leaves waits until no flow of an address is at its old place, on h1: for less than the time
// after which flows go by themselves.
func (m *moving) leaves(t *testing.T, address string) {
	t.Helper()
	harness.Within(t, linkspan.DefaultIdle/2, "flows of "+address+" leave h1", func() error {
		for _, f := range m.Flows(t, "h1") {
			if strings.Contains(f+",", "="+address+",") || strings.Contains(f, "="+address+" ") {
				return fmt.Errorf("it has the flow %s", f)
			}
		}
		return nil
	})
}

// comesBack removes a container wherever it is, at the end of a test.
func (m *moving) comesBack(t *testing.T, name string) {
	for _, host := range []string{"h1", "h2"} {
		t.Cleanup(func() { (&harness.Container{Lab: m.Lab, Host: host, Name: name}).Remove(t) })
	}
}

// everything is a container with most of what docker run knows, in two networks.
func (m *moving) everything(t *testing.T) {
	m.comesBack(t, "all")
	m.On(t, "h1", m.RunArgs("all", "--network", "go", "--ip", "10.71.0.60", "--network-alias", "first", "--label", "a=b",
		"-e", "X=Y", "--memory", "64m", "--cpus", "0.5", "--pids-limit", "50", "--restart", "unless-stopped", "--tmpfs", "/scratch",
		"--cap-drop", "MKNOD", "--init", "--dns", "192.0.2.53", "--add-host", "a.example:192.0.2.9", "--stop-signal", "SIGKILL",
		"--ulimit", "nofile=100:200", "--health-cmd", "true", "--expose", "7000", "--user", "65534")...)
	m.On(t, "h1", "docker", "network", "connect", "--alias", "second", "--driver-opt", "linkspan.rate.egress=50mbit", "stay", "all")
	was := m.inspect(t, "h1", "all")
	pings := m.talker.Pings(t, "10.71.0.60")
	plan := m.CLI(t, "endpoint", "move", "--dry-run", "--shared", m.Probe(), "--to", "h2", "all")
	for _, told := range []string{"container all: h1 -> h2", "image busybox: is on h2", "network go: 10.71.0.60 02:", "network stay: 10.72.0."} {
		if !strings.Contains(plan, told) {
			t.Errorf("the plan does not tell %q:\n%s", told, plan)
		}
	}
	if r := m.TryCLI("endpoint", "move", "--quiet", "--shared", m.Probe(), "--to", "h2", "h1/all"); r.Exit != 0 || r.Out+r.Err != "" {
		t.Fatalf("endpoint move: %v", r)
	}
	now := m.inspect(t, "h2", "all")
	if diff := cmp.Diff(was, now); diff != "" {
		t.Errorf("it is otherwise (-was +now):\n%s", diff)
	}
	if left := m.On(t, "h1", "docker", "ps", "-aq"); left != "" {
		t.Errorf("on h1 there are %s", left)
	}
	m.followed(t, pings, &harness.Container{Lab: m.Lab, Host: "h2", Name: "all"}, "10.71.0.60")
	m.talker.Echo(t, "first") // its alias
	if limit := m.CLI(t, "endpoint", "inspect", "--format", "{{.Limits.Egress}}", "h2/all.stay"); limit != "50mbit" {
		t.Errorf("its limit in the second network is %s", limit)
	}
	if events := m.CLI(t, "event", "ls"); !strings.Contains(events, "endpoint.moved") {
		t.Errorf("events are\n%s", events)
	}
}

// shown is all that docker inspect shows of a container, but for what each has of its own.
type shown struct {
	Config, HostConfig map[string]any
	Networks           map[string]map[string]any
}

// inspect leaves out what may differ: ids, and that an address is given now which
// Docker chose before.
func (m *moving) inspect(t *testing.T, host, name string) shown {
	t.Helper()
	var docs []struct {
		ID                 string `json:"Id"`
		Config, HostConfig map[string]any
		NetworkSettings    struct{ Networks map[string]map[string]any }
	}
	if err := json.Unmarshal([]byte(m.On(t, host, "docker", "inspect", name)), &docs); err != nil || len(docs) != 1 {
		t.Fatal(err, len(docs))
	}
	c := docs[0]
	delete(c.Config, "MacAddress")
	for _, n := range c.NetworkSettings.Networks {
		for _, key := range []string{"NetworkID", "EndpointID", "IPAMConfig", "DNSNames"} {
			delete(n, key)
		}
		aliases, _ := n["Aliases"].([]any)
		n["Aliases"] = slices.DeleteFunc(aliases, func(a any) bool { return a == c.ID[:12] })
	}
	return shown{c.Config, c.HostConfig, c.NetworkSettings.Networks}
}

// big makes an image on h1 that is on no other host, with so many megabytes.
func (m *moving) big(t *testing.T, name string, megabytes int) {
	t.Helper()
	m.On(t, "h1", "docker", "run", "--name", "bigger", "busybox", "dd", "if=/dev/urandom", "of=/big", "bs=1M", fmt.Sprintf("count=%d", megabytes))
	m.On(t, "h1", "docker", "commit", "bigger", name)
	m.On(t, "h1", "docker", "rm", "bigger")
}

func (m *moving) image(t *testing.T) {
	m.big(t, "own/big:1", 8)
	m.comesBack(t, "imaged")
	m.On(t, "h1", "docker", "run", "-d", "--name", "imaged", "--network", "go", "--stop-timeout", "1", "own/big:1", "sleep", "86400")
	r := m.TryCLI("endpoint", "move", "--to", "h2", "imaged")
	if r.Exit != 0 || !strings.Contains(r.Err, "carrying the image from h1 to h2") || !strings.Contains(r.Err, "imaged runs on h2") {
		t.Fatalf("endpoint move: %v", r)
	}
	const format = "{{.Id}} {{.RepoTags}}"
	if was, now := m.On(t, "h1", "docker", "image", "inspect", "-f", format, "own/big:1"), m.On(t, "h2", "docker", "image", "inspect", "-f", format, "own/big:1"); was != now {
		t.Errorf("the image was %s and is %s", was, now)
	}
	if sum := m.On(t, "h2", "docker", "exec", "imaged", "stat", "-c", "%s", "/big"); sum != "8388608" {
		t.Errorf("what is in it has %s bytes", sum)
	}
}

// kept is told everything that keeps it, and nothing is changed.
func (m *moving) kept(t *testing.T) {
	m.comesBack(t, "kept")
	m.On(t, "h1", "docker", "run", "-d", "--name", "kept", "--network", "go", "--stop-timeout", "1", "--volume", "/tmp:/t", "--volume", "vol1:/v",
		"--pid", "host", "--rm", "busybox", "sh", "-c", "echo hi >/file; exec sleep 86400")
	m.On(t, "h1", "docker", "network", "create", "-d", "linkspan-bridge", "--subnet", "10.73.0.0/24", "kepthere")
	t.Cleanup(func() {
		m.Try("h1", "docker", "network", "rm", "kepthere")
		m.Try("h1", "docker", "volume", "rm", "vol1")
	})
	m.On(t, "h1", "docker", "network", "connect", "kepthere", "kept")
	t.Cleanup(func() { (&harness.Container{Lab: m.Lab, Host: "h1", Name: "kept"}).Remove(t) })
	var r harness.Result
	harness.Eventually(t, "its file is written", func() error {
		if r = m.TryCLI("endpoint", "move", "--to", "h2", "kept"); !strings.Contains(r.Err, "added /file") {
			return errors.New(r.Err)
		}
		return nil
	})
	for _, told := range []string{"--rm", "mount /t: /tmp is a path of host h1", "volume vol1 is on host h1 alone", "PID namespace of the host", "network kepthere"} {
		if r.Exit != 1 || !strings.Contains(r.Err, told) {
			t.Errorf("it is not told %q: %v", told, r)
		}
	}
	if dry := m.TryCLI("endpoint", "move", "--dry-run", "--to", "h2", "kept"); dry.Exit != 1 || strings.Count(dry.Out, "forbidden: ") < 6 {
		t.Errorf("the dry run: %v", dry)
	}
	if m.On(t, "h1", "docker", "inspect", "-f", "{{.State.Running}}", "kept") != "true" {
		t.Error("it does not run")
	}
	if r := m.TryCLI("endpoint", "move", "--to", "h9", "kept"); r.Exit != 1 || !strings.Contains(r.Err, "h9") {
		t.Errorf("to nowhere: %v", r)
	}
}

// putBack is a container that ends at once on the other host, where a folder is not
// what it is here.
func (m *moving) putBack(t *testing.T) {
	for host, script := range map[string]string{"h1": "mkdir -p /run/marked && touch /run/marked/here", "h2": "mkdir -p /run/marked"} {
		m.On(t, host, "sh", "-c", script)
	}
	m.comesBack(t, "back")
	c := &harness.Container{Lab: m.Lab, Host: "h1", Name: "back"}
	m.On(t, "h1", "docker", "run", "-d", "--name", "back", "--network", "go", "--ip", "10.71.0.70", "--restart", "on-failure:5", "--stop-timeout", "1",
		"--volume", m.Probe()+":/probe:ro", "--volume", "/run/marked:/marked", "busybox", "sh", "-c", "test -e /marked/here || exit 3; exec /probe serve :7000")
	pings := m.talker.Pings(t, "10.71.0.70")
	id := m.On(t, "h1", "docker", "inspect", "-f", "{{.Id}}", "back")
	r := m.TryCLI("endpoint", "move", "--shared", m.Probe()+",/run/marked", "--to", "h2", "back")
	if r.Exit != 1 || !strings.Contains(r.Err, "back stays on h1: on h2: it does not run on h2") {
		t.Errorf("endpoint move: %v", r)
	}
	const format = "{{.Id}} {{.State.Running}} {{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}"
	if got := m.On(t, "h1", "docker", "inspect", "-f", format, "back"); got != id+" true on-failure:5" {
		t.Errorf("it is %s", got)
	}
	if left := m.On(t, "h2", "docker", "ps", "-aq", "--filter", "name=back", "--filter", "name=linkspan-move"); left != "" {
		t.Errorf("on h2 there are %s", left)
	}
	pings.After(t, time.Now())
	if r := m.talker.Ask("tcp", "10.71.0.70"); r.Exit != 0 || r.Out == "" {
		t.Errorf("%s does not answer: %v", c.Name, r)
	}
	if moves := m.CLI(t, "endpoint", "moves", "-q"); moves != "" {
		t.Errorf("under way are %s", moves)
	}
}
