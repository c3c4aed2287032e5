// SPDX-License-Identifier: Apache-2.0

package test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan/test/harness"
)

// event is what the test reads of linkspan event ls -o json.
type event struct{ Kind, Subject, Chassis, Message string }

// told waits for an event of that kind about that subject whose text has all of
// the words.
func told(t *testing.T, l *harness.Lab, kind, subject string, words ...string) {
	t.Helper()
	harness.Eventually(t, fmt.Sprintf("event %s %s says %q", kind, subject, words), func() error {
		var list []event
		if err := json.Unmarshal([]byte(l.CLI(t, "event", "ls", "-o", "json")), &list); err != nil {
			return err
		}
		for _, e := range list {
			if e.Kind == kind && e.Subject == subject && hasAll(e.Message, words) {
				return nil
			}
		}
		return fmt.Errorf("%+v", list)
	})
}

func hasAll(text string, words []string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
}

// dockerCreate is docker network create as the guide has it.
func dockerCreate(name, subnet string, options ...string) []string {
	args := []string{"docker", "network", "create", "-d", "linkspan", "--ipam-driver", "linkspan", "--subnet", subnet}
	return append(append(args, options...), name)
}

func TestNetworkUnderOneName(t *testing.T) {
	l := shared(t)
	start := l.Settled(t)
	l.Network(t, "typed", "10.30.0.0/24", "--label", "tier=web", "--label", "team=blue")
	l.RemoveLater(t, "docked")
	l.On(t, "h1", dockerCreate("docked", "10.31.0.0/24", "--label", "tier=db", "-o", "linkspan.idle=5m", "--ip-range", "10.31.0.128/25")...)
	l.Shown(t, "docked")
	for _, host := range l.Hosts() {
		checkLabels(t, l, host, "typed", map[string]string{"tier": "web", "team": "blue"})
		checkLabels(t, l, host, "docked", map[string]string{"tier": "db"})
	}
	if got := l.CLI(t, "network", "inspect", "docked", "--format", "{{.Subnet}} {{.Idle}} {{.Range}}"); got != "10.31.0.0/24 5m0s 10.31.0.128/25" {
		t.Errorf("what docker created reads %q", got)
	}
	c1 := l.Run(t, "h1", "docked1", "--network", "docked")
	c2 := l.Run(t, "h2", "docked2", "--network", "docked")
	c1.Reaches(t, c2, "docked")
	if address := c2.Address(t, "docked"); address < "10.31.0.128" {
		t.Errorf("address %s is not in the range", address)
	}
	checkRefusedRemoval(t, l)
	c1.Remove(t)
	c2.Remove(t)
	for _, name := range []string{"typed", "docked"} {
		harness.Eventually(t, "network rm "+name, func() error { return succeeded(l.TryCLI("network", "rm", name)) })
		l.Gone(t, name)
	}
	l.Back(t, start)
}

func succeeded(r harness.Result) error {
	if r.Exit != 0 {
		return fmt.Errorf("%v", r)
	}
	return nil
}

func checkLabels(t *testing.T, l *harness.Lab, host, network string, want map[string]string) {
	t.Helper()
	var got map[string]string
	text := l.On(t, host, "docker", "network", "inspect", "-f", "{{json .Labels}}", network)
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	// Beside those that a person typed there are the driver's own.
	maps.DeleteFunc(got, func(key, _ string) bool { return strings.HasPrefix(key, "com.docker.network.driver.linkspan.") })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("labels of %s on %s (-want +got):\n%s", network, host, diff)
	}
}

// checkRefusedRemoval tries to remove a network that has endpoints.
func checkRefusedRemoval(t *testing.T, l *harness.Lab) {
	t.Helper()
	r := l.TryCLI("network", "rm", "docked")
	if r.Exit != 1 || !strings.Contains(r.Err, "endpoint") {
		t.Errorf("network rm with endpoints: %v", r)
	}
	l.Shown(t, "docked")
}

func TestDockerNetworkRmIsUndone(t *testing.T) {
	l := shared(t)
	l.Network(t, "undone", "10.32.0.0/24", "--label", "a=b")
	c1 := l.Run(t, "h1", "undone1", "--network", "undone")
	// h2 has no endpoint in it, so its dockerd lets it go.
	before := l.On(t, "h2", "docker", "network", "inspect", "-f", "{{.ID}}", "undone")
	l.On(t, "h2", "docker", "network", "rm", "undone")
	told(t, l, "network.restored", "undone", "h2", "docker network rm", "linkspan network rm undone")
	l.Shown(t, "undone")
	if after := l.On(t, "h2", "docker", "network", "inspect", "-f", "{{.ID}}", "undone"); after == before {
		t.Error("docker network rm did nothing")
	}
	checkLabels(t, l, "h2", "undone", map[string]string{"a": "b"})
	c2 := l.Run(t, "h2", "undone2", "--network", "undone")
	c1.Reaches(t, c2, "undone")
}

func TestConflictIsUndone(t *testing.T) {
	l := shared(t)
	// Both at once, so that neither host can know of the other's.
	l.RemoveLater(t, "clash")
	ended := make(chan harness.Result, 2)
	for host, subnet := range map[string]string{"h1": "10.33.0.0/24", "h2": "10.34.0.0/24"} {
		go func() { ended <- l.Try(host, dockerCreate("clash", subnet)...) }()
	}
	for range 2 {
		if r := <-ended; r.Exit != 0 && !strings.Contains(r.Err, "clash") {
			t.Errorf("docker network create: %v", r)
		}
	}
	told(t, l, "network.refused", "clash", "subnet", "linkspan network inspect clash")
	l.Shown(t, "clash")
	want := l.CLI(t, "network", "inspect", "clash", "--format", "{{.Subnet}}")
	for _, host := range l.Hosts() {
		harness.Eventually(t, host+" shows the one that stays", func() error {
			got := l.Try(host, "docker", "network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", "clash").Out
			if got != want {
				return fmt.Errorf("subnet %s, want %s", got, want)
			}
			return nil
		})
	}
	c1 := l.Run(t, "h1", "clash1", "--network", "clash")
	c2 := l.Run(t, "h2", "clash2", "--network", "clash")
	c1.Reaches(t, c2, "clash")
}

func TestSameNetworkFromBothHosts(t *testing.T) {
	l := shared(t)
	l.RemoveLater(t, "adopted")
	ended := make(chan harness.Result, 2)
	for _, host := range l.Hosts() {
		go func() { ended <- l.Try(host, dockerCreate("adopted", "10.35.0.0/24")...) }()
	}
	for range 2 {
		if r := <-ended; r.Exit != 0 && !strings.Contains(r.Err, "adopted") {
			t.Errorf("docker network create: %v", r)
		}
	}
	l.Shown(t, "adopted")
	c1 := l.Run(t, "h1", "adopted1", "--network", "adopted")
	c2 := l.Run(t, "h2", "adopted2", "--network", "adopted")
	c1.Reaches(t, c2, "adopted")
}

func TestNetworkWithoutSubnet(t *testing.T) {
	l := shared(t)
	l.RemoveLater(t, "any")
	l.On(t, "h1", "docker", "network", "create", "-d", "linkspan", "--ipam-driver", "linkspan", "any")
	l.Shown(t, "any")
	c1 := l.Run(t, "h1", "any1", "--network", "any")
	c2 := l.Run(t, "h2", "any2", "--network", "any")
	c1.Reaches(t, c2, "any")
}

func TestRefusedNetworks(t *testing.T) {
	l := shared(t)
	before := l.Settled(t)
	for _, c := range []struct {
		name  string
		argv  []string
		words []string
	}{
		{"another IPAM driver", []string{"docker", "network", "create", "-d", "linkspan", "--subnet", "10.36.0.0/24", "no"},
			[]string{"docker network create -d linkspan --ipam-driver linkspan --subnet 10.36.0.0/24"}},
		{"an unknown option", dockerCreate("no", "10.36.0.0/24", "-o", "linkspan.idel=5s"), []string{"linkspan.idel", "linkspan.idle"}},
		{"a wrong idle time", dockerCreate("no", "10.36.0.0/24", "-o", "linkspan.idle=soon"), []string{"linkspan.idle", "soon"}},
		{"an MTU that does not fit", dockerCreate("no", "10.36.0.0/24", "-o", "com.docker.network.driver.mtu=9000"), []string{"9000", "1450"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := l.Try("h1", c.argv...)
			if r.Exit == 0 || !hasAll(r.Err, c.words) {
				t.Errorf("%s: %v\nwant words %q", strings.Join(c.argv, " "), r, c.words)
			}
		})
	}
	l.Back(t, before)
}
