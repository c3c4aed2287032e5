// SPDX-License-Identifier: Apache-2.0

package test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/lab/boot"
	"github.com/linkspan/linkspan/test/harness"
)

// swarmPlugin is the plugin's name, as the guide has it.
const swarmPlugin = "linkspan/swarm"

// swarmGuide returns the commands of the guide that begin with one of the words.
func swarmGuide(t *testing.T, words ...string) []string {
	t.Helper()
	text, err := os.ReadFile("../docs/guide/swarm.md")
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for line := range strings.Lines(string(text)) {
		command, typed := strings.CutPrefix(line, "    ")
		begins := func(w string) bool { return strings.HasPrefix(command, w) }
		if typed && slices.ContainsFunc(words, begins) {
			commands = append(commands, strings.TrimSpace(command))
		}
	}
	if len(commands) < len(words) {
		t.Fatalf("the guide has only %q for %q", commands, words)
	}
	return commands
}

// types runs commands of the guide on a host; change replaces what a person fills
// in.
func types(t *testing.T, l *harness.Lab, host string, change *strings.Replacer, commands []string) {
	t.Helper()
	for _, c := range commands {
		argv := strings.Fields(change.Replace(c))
		if argv[0] == "linkspan" {
			argv[0] = l.Binary
		}
		l.On(t, host, argv...)
	}
}

// swarmOf makes a swarm of the lab's hosts, of which the first is the manager,
// with the plugin on each.
func swarmOf(t *testing.T, l *harness.Lab) {
	t.Helper()
	hosts := l.Hosts()
	for _, host := range hosts {
		folder := strings.NewReplacer("/tmp/linkspan-plugin", filepath.Join(t.TempDir(), host))
		types(t, l, host, folder, swarmGuide(t, "linkspan plugin export", "docker plugin create", "docker plugin enable"))
	}
	manager := l.Address(hosts[0]).String()
	l.On(t, hosts[0], "docker", "swarm", "init", "--advertise-addr", manager)
	token := l.On(t, hosts[0], "docker", "swarm", "join-token", "-q", "worker")
	for _, host := range hosts[1:] {
		l.On(t, host, "docker", "swarm", "join", "--advertise-addr", l.Address(host).String(), "--token", token, manager+":2377")
	}
}

// service makes a service whose tasks say their names to whoever asks.
func service(t *testing.T, l *harness.Lab, name string, options ...string) {
	t.Helper()
	args := []string{
		"docker", "service", "create", "--detach", "--name", name, "--hostname", "{{.Task.Name}}", "--no-resolve-image",
		"--endpoint-mode", "dnsrr", "--restart-delay", "1s", "--stop-grace-period", "1s",
		"--mount", "type=bind,readonly,source=" + l.Probe() + ",target=/probe",
	}
	l.On(t, "h1", append(append(args, options...), "busybox", "/probe", "serve", ":"+harness.Port)...)
}

// tasks waits until a service has a running task on each of the hosts, and no
// other.
func tasks(t *testing.T, l *harness.Lab, name string, hosts ...string) []*harness.Container {
	t.Helper()
	var running []*harness.Container
	harness.Eventually(t, fmt.Sprintf("service %s runs on %s", name, hosts), func() error {
		running = nil
		for _, host := range l.Hosts() {
			r := l.Try(host, "docker", "ps", "--filter", "label=com.docker.swarm.service.name="+name, "--format", "{{.Names}}")
			found := strings.Fields(r.Out)
			if want := slices.Contains(hosts, host); r.Exit != 0 || len(found) > 1 || want != (len(found) == 1) {
				return fmt.Errorf("%s has %q, %s; %s", host, found, r, l.Try("h1", "docker", "service", "ps", "--no-trunc", name).Out)
			}
			for _, c := range found {
				running = append(running, &harness.Container{Lab: l, Host: host, Name: c})
			}
		}
		return nil
	})
	return running
}

// TestSwarm is the story of the guide on swarms: the managed plugin, built and
// enabled with no registry, and services on two hosts.
func TestSwarm(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2, NoLiveRestore: true})
	swarmOf(t, l)
	offline := strings.NewReplacer("service create", "service create --detach --no-resolve-image")
	types(t, l, "h1", offline, swarmGuide(t, "docker network create", "docker service create"))
	create := []string{"docker", "network", "create", "-d", swarmPlugin + ":latest", "--ipam-driver", swarmPlugin + ":latest"}
	l.On(t, "h1", append(create, "-o", "linkspan.idle=30s", "--label", "tier=app", "--attachable", "app")...)
	service(t, l, "say", "--network", "app", "--mode", "global")
	on := tasks(t, l, "say", "h1", "h2")

	t.Run("the guide's service", func(t *testing.T) {
		api := tasks(t, l, "api", "h1", "h2")
		for i, c := range api {
			other := api[1-i]
			c.Echo(t, other.Name)
			if out := c.Exec(t, "nslookup", "tasks.api"); !strings.Contains(out, other.Address(t, "web")) {
				t.Errorf("tasks.api is:\n%s", out)
			}
		}
		types(t, l, "h1", offline, swarmGuide(t, "linkspan network inspect", "linkspan endpoint ls"))
		endpoints(t, l, "web", 2)
	})
	t.Run("tasks reach each other", func(t *testing.T) {
		on[0].Reaches(t, on[1], "app")
		on[1].Reaches(t, on[0], "app")
	})
	t.Run("the fabric has it", func(t *testing.T) {
		if got := l.CLI(t, "network", "inspect", "--format", "{{.Idle}} {{.Labels.tier}}", "app"); got != "30s app" {
			t.Errorf("it is %s", got)
		}
		if shown, err := l.DockerNetworks("h2"); err != nil || count(shown, "app") != 1 {
			t.Errorf("h2 shows %q, %v", shown, err)
		}
	})
	t.Run("one network is one line", func(t *testing.T) { // also where no task is in it
		l.On(t, "h1", append(create, "away")...)
		service(t, l, "far", "--network", "away", "--constraint", "node.hostname==h2")
		tasks(t, l, "far", "h2")
		for _, host := range l.Hosts() {
			names := strings.Fields(l.On(t, host, l.Binary, "network", "ls", "--format", "{{.Name}}"))
			if count(names, "app") != 1 || count(names, "away") != 1 {
				t.Errorf("on %s network ls shows %q", host, names)
			}
		}
		swarmComesAgain(t, l)
	})
	t.Run("networks stay apart", func(t *testing.T) {
		api := tasks(t, l, "api", "h1", "h2")
		on[0].Isolated(t, api[1].Address(t, "web"))
		on[1].Isolated(t, api[1].Address(t, "web"))
	})
	t.Run("a container of a person's", func(t *testing.T) {
		c := l.Run(t, "h2", "mine", "--network", "app")
		c.Reaches(t, on[0], "app")
		on[0].Reaches(t, c, "app")
	})
	t.Run("a switch is away", func(t *testing.T) { swarmSwitchAway(t, l, on) })
	t.Run("what is refused", func(t *testing.T) { swarmRefuses(t, l, create) })
	t.Run("all of it goes", func(t *testing.T) { swarmEnds(t, l, offline) })
}

func count(list []string, s string) (n int) {
	for _, e := range list {
		if e == s {
			n++
		}
	}
	return n
}

// swarmSwitchAway ends the switch of a host: tasks that speak do not notice, and one that
// starts meanwhile waits for the next switch.
func swarmSwitchAway(t *testing.T, l *harness.Lab, on []*harness.Container) {
	on[0].Reaches(t, on[1], "app") // the route stays
	if err := l.Stop(t.Context(), "h2", boot.Switch); err != nil {
		t.Fatal(err)
	}
	on[0].Reaches(t, on[1], "app")
	service(t, l, "late", "--network", "app", "--constraint", "node.hostname==h2")
	if err := l.Start(t.Context(), "h2", boot.Switch); err != nil {
		t.Fatal(err)
	}
	late := tasks(t, l, "late", "h2")
	late[0].Reaches(t, on[0], "app")
	l.On(t, "h1", "docker", "service", "rm", "late")
}

// swarmComesAgain ends the last task of a network on a host whose switch is away
// for so long that Docker gives up telling it: the next task is as good as the first.
func swarmComesAgain(t *testing.T, l *harness.Lab) {
	t.Helper()
	if err := l.Stop(t.Context(), "h2", boot.Switch); err != nil {
		t.Fatal(err)
	}
	l.On(t, "h1", "docker", "service", "rm", "far")
	tasks(t, l, "far")
	harness.Eventually(t, "Docker has let go of the network on h2", func() error {
		shown, err := l.DockerNetworks("h2")
		if err == nil && count(shown, "away") != 0 {
			err = fmt.Errorf("it shows %q", shown)
		}
		return err
	})
	if err := l.Start(t.Context(), "h2", boot.Switch); err != nil {
		t.Fatal(err)
	}
	service(t, l, "far", "--network", "away", "--mode", "global")
	again := tasks(t, l, "far", "h1", "h2")
	again[0].Reaches(t, again[1], "away")
	l.On(t, "h1", "docker", "service", "rm", "far")
	tasks(t, l, "far")
}

// swarmRefuses types what cannot be had. Docker's managers take every network and
// allocate it after, so it is their log that tells.
func swarmRefuses(t *testing.T, l *harness.Lab, create []string) {
	for name, c := range map[string]struct {
		options []string
		words   string
	}{
		"idle7":   {[]string{"-o", "linkspan.idle=7", "--subnet", "10.9.0.0/24"}, "option linkspan.idle: "},
		"strange": {[]string{"-o", "strange=1", "--subnet", "10.9.1.0/24"}, "unknown option strange"},
		"noipam":  {nil, "needs its ipam driver too"},
		"six":     {[]string{"--ipv6", "--subnet", "fd00:9::/64"}, "IPv6 is not supported yet"},
	} {
		typed := slices.Concat(create, c.options, []string{name})
		if c.options == nil {
			typed = append(slices.Clone(create[:5]), "--subnet", "10.9.3.0/24", name)
		}
		r := l.Try("h1", typed...)
		harness.Eventually(t, "network "+name+" is refused", func() error {
			log, err := os.ReadFile(l.LogFile("h1", boot.Dockerd))
			if err == nil && !strings.Contains(r.Err+string(log), c.words) {
				err = fmt.Errorf("nobody says %q; docker network create: %v", c.words, r)
			}
			return err
		})
		if r.Exit == 0 {
			l.On(t, "h1", "docker", "network", "rm", name)
		}
	}
	if r := l.Try("h1", "docker", "network", "rm", "app"); r.Exit == 0 {
		t.Error("a network with a service was removed")
	}
}

// swarmEnds removes all, as the guide does, and nothing is left.
func swarmEnds(t *testing.T, l *harness.Lab, offline *strings.Replacer) {
	l.On(t, "h1", "docker", "service", "rm", "say")
	types(t, l, "h1", offline, swarmGuide(t, "docker service rm"))
	for _, name := range []string{"say", "api"} {
		tasks(t, l, name)
	}
	for _, command := range append(swarmGuide(t, "docker network rm"), "docker network rm app", "docker network rm away") {
		name := command[strings.LastIndexByte(command, ' ')+1:]
		harness.Eventually(t, "network "+name+" can be removed", func() error {
			return succeeded(l.Try("h1", strings.Fields(command)...))
		})
		harness.Eventually(t, "network "+name+" leaves the fabric", func() error {
			names, err := l.Lines("network", "ls", "--filter", "scope=global", "--format", "{{.Name}}")
			if err == nil && slices.Contains(names, name) {
				err = errors.New("it is there")
			}
			return err
		})
	}
	for _, host := range l.Hosts() {
		for _, command := range swarmGuide(t, "docker plugin disable", "docker plugin rm") {
			harness.Eventually(t, command+" on "+host, func() error {
				return succeeded(l.Try(host, strings.Fields(command)...))
			})
		}
	}
}
