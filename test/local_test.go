// SPDX-License-Identifier: Apache-2.0

package test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/lab/boot"
	"github.com/linkspan/linkspan/test/harness"
)

// locals is a lab whose hosts have networks of their own.
type locals struct {
	*harness.Lab
	t *testing.T
}

// The lines that tell of networks of single hosts and of who is in them, as
// dockerd has them and as the controller does.
const (
	dockerNetwork  = "{{.Name}} {{.Driver}} {{.ID}} {{(index .IPAM.Config 0).Subnet}} {{.Labels}}"
	dockerMembers  = "{{$n := .}}{{range .Containers}}{{.Name}} {{$n.Name}} {{$n.Driver}} {{.IPv4Address}} {{.MacAddress}}\n{{end}}"
	knownNetworks  = "{{.Switch}} {{.Name}} {{.Driver}} {{.ID}} {{.Subnet}}"
	knownEndpoints = "{{.Chassis}} {{.Container}} {{.Network}} {{.Driver}} {{.Address}} {{.MAC}}"
)

// inDocker is what the dockerds of the hosts have.
func (l locals) inDocker() (networks, members []string, err error) {
	for _, host := range l.Hosts() {
		ids := l.Try(host, "docker", "network", "ls", "-q", "--no-trunc", "--filter", "driver=linkspan-bridge", "--filter", "driver=linkspan-macvlan")
		if ids.Exit != 0 {
			return nil, nil, errors.New(ids.String())
		}
		for id := range strings.FieldsSeq(ids.Out) {
			n := l.Try(host, "docker", "network", "inspect", "-f", dockerNetwork, id)
			m := l.Try(host, "docker", "network", "inspect", "-f", dockerMembers, id)
			if n.Exit != 0 || m.Exit != 0 {
				return nil, nil, fmt.Errorf("%v, %v", n, m)
			}
			name, _, _ := strings.Cut(n.Out, " map[")
			networks = append(networks, host+" "+name)
			for line := range strings.Lines(m.Out) {
				member := strings.Fields(line)
				member[3], _, _ = strings.Cut(member[3], "/")
				members = append(members, host+" "+strings.Join(member, " "))
			}
		}
	}
	slices.Sort(networks)
	slices.Sort(members)
	return networks, members, nil
}

// known waits until the controller lists exactly what there is.
func (l locals) known(t *testing.T, what string) {
	t.Helper()
	harness.Eventually(t, "the controller knows what there is "+what, func() error {
		networks, members, err := l.inDocker()
		if err != nil {
			return err
		}
		hasNetworks, err := l.Lines("network", "ls", "--all", "--no-trunc", "--filter", "scope=local", "--format", knownNetworks)
		if err != nil {
			return err
		}
		hasMembers, err := l.Lines("endpoint", "ls", "--format", knownEndpoints)
		if err != nil {
			return err
		}
		hasMembers = slices.DeleteFunc(hasMembers, func(line string) bool { return !strings.Contains(line, " linkspan-") })
		if diff := cmp.Diff([2][]string{networks, members}, [2][]string{hasNetworks, hasMembers}); diff != "" {
			return errors.New("dockerd (-) and the controller (+):\n" + diff)
		}
		return nil
	})
}

func (l locals) create(host, driver, subnet, name string) {
	l.t.Helper()
	l.On(l.t, host, "docker", "network", "create", "-d", driver, "--subnet", subnet, "--label", "team=blue", name)
}

// TestLocalNetworks has networks of single hosts and their containers come, change
// and go, while everything is there and while programs are killed.
func TestLocalNetworks(t *testing.T) {
	t.Parallel()
	l := locals{own(t, lab.Config{Hosts: 2}), t}
	l.create("h1", "linkspan-bridge", "10.91.0.0/24", "back")
	l.create("h2", "linkspan-bridge", "10.91.0.0/24", "back")
	l.create("h2", "linkspan-macvlan", "10.92.0.0/24", "lan")
	l.CLI(t, "network", "create", "--subnet", "10.7.0.0/24", "web") // it goes with the lab
	l.Shown(t, "web")
	l.Run(t, "h1", "c1", "--network", "back", "--label", "app=shop")
	l.Run(t, "h2", "c1", "--network", "back")
	l.Run(t, "h2", "c2", "--network", "lan")
	l.known(t, "after docker run")
	t.Run("shown", func(t *testing.T) { l.shown(t) })
	t.Run("come and go", func(t *testing.T) { l.comeAndGo(t) })
	t.Run("the switch is killed", func(t *testing.T) { l.switchKilled(t) })
	t.Run("the controller is killed", func(t *testing.T) { l.controllerKilled(t) })
	t.Run("the switch is removed", func(t *testing.T) { l.switchRemoved(t) })
}

// shown looks at what people see.
func (l locals) shown(t *testing.T) {
	for args, words := range map[string][]string{
		"switch inspect h1":                                    {`"name": "back"`, `"driver": "linkspan-bridge"`, `"subnet": "10.91.0.0/24"`, `"container": "c1"`, `"team": "blue"`},
		"endpoint inspect h1/c1":                               {`"network": "back"`, `"app": "shop"`, `"state": "attached"`},
		"endpoint ls --network h2/back":                        {"c1", "h2", "attached", "linkspan-bridge"},
		"network inspect h2/lan":                               {`"Driver": "linkspan-macvlan"`, `"Name": "c2"`, `"Switch": "h2"`},
		"network ls --all":                                     {"SWITCH", "back", "lan", "web"},
		"network ls --all --filter driver=linkspan-macvlan -q": {""},
	} {
		harness.Eventually(t, "linkspan "+args, func() error { // labels come a moment later
			if out := l.CLI(t, strings.Fields(args)...); !hasAll(out, words) {
				return errors.New(out)
			}
			return nil
		})
	}
	if out := l.CLI(t, "network", "ls"); strings.Contains(out, "back") {
		t.Errorf("network ls beside the controller:\n%s", out)
	}
	if r := l.TryCLI("endpoint", "inspect", "c1"); r.Exit != 1 || !hasAll(r.Err, []string{"h1/c1.back", "h2/c1.back"}) {
		t.Errorf("an ambiguous name: %v", r)
	}
	// On a host, its own networks are Docker's, each once.
	all := l.On(t, "h1", l.Binary, "network", "ls", "--all", "--filter", "name=back", "--format", "{{.Name}} {{.Switch}}")
	if all != "back h1\nback h2" {
		t.Errorf("network ls --all on h1:\n%s", all)
	}
}

// comeAndGo changes all that can be changed.
func (l locals) comeAndGo(t *testing.T) {
	l.On(t, "h1", "docker", "rename", "c1", "renamed")
	l.known(t, "after a rename")
	l.On(t, "h1", "docker", "network", "connect", "web", "renamed")
	l.create("h1", "linkspan-bridge", "10.93.0.0/24", "second")
	l.On(t, "h1", "docker", "network", "connect", "--alias", "db", "second", "renamed")
	l.known(t, "after network connect")
	if out := l.CLI(t, "endpoint", "inspect", "h1/renamed.second"); !strings.Contains(out, `"db"`) {
		t.Errorf("the alias is not known:\n%s", out)
	}
	l.On(t, "h1", "docker", "network", "disconnect", "back", "renamed")
	for i := range 5 {
		l.Run(l.t, "h1", fmt.Sprint("many", i), "--network", "second")
	}
	l.known(t, "after several more")
	l.On(t, "h1", "docker", "rm", "-f", "many0", "many1", "many2")
	l.On(t, "h1", "docker", "stop", "many3")
	l.On(t, "h1", "docker", "rename", "many4", "c1")
	l.On(t, "h1", "docker", "network", "disconnect", "second", "renamed")
	l.On(t, "h1", "docker", "network", "rm", "back")
	l.known(t, "after rm -f")
	l.On(t, "h1", "docker", "start", "many3")
	l.known(t, "after start")
}

// switchKilled takes the switch process of h1 away: its networks stay, marked;
// what went meanwhile is gone when it is back.
func (l locals) switchKilled(t *testing.T) {
	if err := l.Crash(t.Context(), "h1", boot.Switch); err != nil {
		t.Fatal(err)
	}
	l.known(t, "after a crash of the switch")
	if err := l.Kill("h1", boot.Switch, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := l.Stop(t.Context(), "h1", boot.Switch); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, "h1 is away", func() error {
		out := l.CLI(t, "endpoint", "ls", "--switch", "h1", "--format", "{{.Container}} {{.State}}")
		if !strings.Contains(out, "c1 away") {
			return errors.New(out)
		}
		return nil
	})
	if out := l.CLI(t, "network", "ls", "--all"); !strings.Contains(out, "h1 (away)") || strings.Contains(out, "h2 (away)") {
		t.Errorf("network ls --all:\n%s", out)
	}
	l.On(t, "h1", "docker", "rename", "many3", "meanwhile")
	removed := make(chan harness.Result, 1) // dockerd asks for the driver for 45 s, and goes on without
	go func() { removed <- l.Try("h1", "docker", "rm", "-f", "c1") }()
	harness.Eventually(t, "c1 is dead", func() error {
		if out := l.On(t, "h1", "docker", "ps", "-q", "--filter", "name=c1"); out != "" {
			return errors.New(out)
		}
		return nil
	})
	if err := l.Start(t.Context(), "h1", boot.Switch); err != nil {
		t.Fatal(err)
	}
	if r := <-removed; r.Exit != 0 {
		t.Error(r)
	}
	l.known(t, "after it is back")
}

// controllerKilled takes the controller away: networks of one host need none.
func (l locals) controllerKilled(t *testing.T) {
	if err := l.Kill("controller", "controller", unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := l.Stop(t.Context(), "controller", "controller"); err != nil {
		t.Fatal(err)
	}
	l.create("h2", "linkspan-bridge", "10.94.0.0/24", "alone")
	l.Run(l.t, "h2", "alone1", "--network", "alone")
	l.On(t, "h2", "docker", "rm", "-f", "c2")
	l.On(t, "h2", "docker", "network", "rm", "lan")
	if err := l.Start(t.Context(), "controller", "controller"); err != nil {
		t.Fatal(err)
	}
	l.known(t, "after the controller is back")
	if err := l.Crash(t.Context(), "controller", "controller"); err != nil {
		t.Fatal(err)
	}
	l.Run(l.t, "h2", "alone2", "--network", "alone")
	l.known(t, "after a crash of the controller")
}

// switchRemoved removes h2 from the fabric.
func (l locals) switchRemoved(t *testing.T) {
	l.CLI(t, "switch", "rm", "--force", "h2")
	for _, args := range []string{"network ls --all", "endpoint ls"} {
		if out := l.CLI(t, strings.Fields(args)...); strings.Contains(out, "h2") || strings.Contains(out, "alone") {
			t.Errorf("linkspan %s after switch rm h2:\n%s", args, out)
		}
	}
}

// TestLocalNetworksWithoutDocker does the same with sandboxes.
func TestLocalNetworksWithoutDocker(t *testing.T) {
	t.Parallel()
	d := dockerless{own(t, lab.Config{Hosts: 2, NoDocker: true}), t}
	known := func(what string, want ...string) {
		t.Helper()
		harness.Eventually(t, "the controller knows what there is "+what, func() error {
			has, err := d.Lines("endpoint", "ls", "--format", "{{.Chassis}}/{{.Container}}.{{.Network}} {{.Driver}} {{.Address}}")
			if err == nil && !slices.Equal(has, want) {
				err = fmt.Errorf("%q", has)
			}
			return err
		})
	}
	d.must("h1", "network create -d bridge --subnet 10.91.0.0/24 back")
	d.must("h2", "network create -d null bare")
	d.must("h1", "sandbox create --network back s1")
	d.must("h2", "sandbox create --network bare s2")
	known("after sandbox create", "h1/s1.back bridge 10.91.0.2", "h2/s2.bare null")
	if out := d.CLI(t, "network", "ls", "--all", "--format", "{{.Switch}}/{{.Name}} {{.Subnet}}"); out != "h1/back 10.91.0.0/24\nh2/bare" {
		t.Errorf("network ls --all:\n%s", out)
	}
	if err := d.Crash(t.Context(), "h1", boot.Switch); err != nil {
		t.Fatal(err)
	}
	d.must("h1", "sandbox create --network back s3")
	d.must("h2", "sandbox rm s2")
	known("after a crash", "h1/s1.back bridge 10.91.0.2", "h1/s3.back bridge 10.91.0.3")
	d.must("h1", "network disconnect back s1")
	d.must("h1", "sandbox rm -f s3")
	d.must("h1", "network rm back")
	d.must("h2", "network rm bare")
	known("in the end")
	harness.Eventually(t, "no network is left", func() error {
		out, err := d.Lines("network", "ls", "--all", "-q")
		if err == nil && len(out) > 0 {
			err = fmt.Errorf("%q", out)
		}
		return err
	})
}
