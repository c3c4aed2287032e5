// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

func TestConnectAndDisconnect(t *testing.T) {
	l := shared(t)
	l.Network(t, "one", "10.39.0.0/24")
	l.Network(t, "two", "10.40.0.0/24")
	c1 := l.Run(t, "h1", "many1", "--network", "one")
	c2 := l.Run(t, "h2", "many2", "--network", "one")
	other := l.Run(t, "h2", "many3", "--network", "two")
	l.On(t, "h1", "docker", "network", "connect", "two", "many1")
	c1.Reaches(t, c2, "one")
	c1.Reaches(t, other, "two")
	other.Reaches(t, c1, "two")
	c2.Isolated(t, c1.Address(t, "two")) // a container in two networks joins nobody else
	l.On(t, "h1", "docker", "network", "disconnect", "one", "many1")
	c1.Reaches(t, other, "two")
	c1.CutOff(t, c2.Address(t, "one"))
	l.On(t, "h1", "docker", "network", "connect", "--ip", "10.39.0.99", "one", "many1")
	c2.Reaches(t, c1, "one")
	if got := c1.Address(t, "one"); got != "10.39.0.99" {
		t.Errorf("connected with --ip 10.39.0.99, address is %s", got)
	}
	l.On(t, "h1", "docker", "network", "disconnect", "two", "many1")
	l.On(t, "h1", "docker", "network", "disconnect", "one", "many1")
	left, err := l.Lines("endpoint", "ls", "--switch", "h1", "--format", "{{.Network}} {{.Address}}")
	if err != nil || len(left) > 0 {
		t.Errorf("disconnected from all networks, endpoints are left: %q, %v", left, err)
	}
}

func TestInternalNetwork(t *testing.T) {
	l := shared(t)
	l.Network(t, "inner", "10.41.0.0/24", "--internal")
	c1 := l.Run(t, "h1", "inner1", "--network", "inner")
	c2 := l.Run(t, "h2", "inner2", "--network", "inner")
	c1.Reaches(t, c2, "inner")
	if out := c1.Exec(t, "ip", "route"); strings.Contains(out, "default") {
		t.Errorf("a container of an internal network has a default route:\n%s", out)
	}
}

const composeFile = `version: "3.8"
services:
  api:
    image: busybox
    command: ["/probe", "serve", ":7000"]
    hostname: ${NAME}
    volumes: ["${PROBE}:/probe:ro"]
    networks: [web]
networks:
  web:
    driver: linkspan
    labels: {made.by: compose}
    ipam:
      driver: linkspan
      config:
        - subnet: 10.42.0.0/24
`

// TestCompose starts the guide's project, with one name, on both hosts.
func TestCompose(t *testing.T) {
	l := shared(t)
	compose, err := exec.LookPath("docker-compose")
	if err != nil {
		t.Skip("docker-compose is missing: apt-get install docker-compose")
	}
	file := filepath.Join(t.TempDir(), "docker-compose.yml")
	if err := os.WriteFile(file, []byte(composeFile), 0o644); err != nil {
		t.Fatal(err)
	}
	before := l.Settled(t)
	run := func(host string, args ...string) harness.Result {
		argv := append([]string{"env", "NAME=" + host, "PROBE=" + l.Probe(), compose, "-p", "shop", "-f", file}, args...)
		return l.Try(host, argv...)
	}
	l.RemoveLater(t, "shop_web")
	var cast []*harness.Container
	for _, host := range l.Hosts() {
		t.Cleanup(func() { run(host, "down", "-t", "1") })
		if r := run(host, "up", "-d"); r.Exit != 0 {
			t.Fatalf("compose up on %s: %v", host, r)
		}
		l.Shown(t, "shop_web")
		name := l.On(t, host, "docker", "ps", "--format", "{{.Names}}", "--filter", "label=com.docker.compose.project=shop")
		cast = append(cast, &harness.Container{Lab: l, Host: host, Name: name})
	}
	if r := cast[0].Ask("tcp", cast[1].Address(t, "shop_web")); r.Out != "h2" {
		t.Errorf("h1's service asks h2's: %v", r)
	}
	for _, host := range l.Hosts() {
		// The network stays while the other host's project uses it, and is there
		// again when compose took it away here.
		if r := run(host, "down", "-t", "1"); r.Exit != 0 {
			t.Errorf("compose down on %s: %v", host, r)
		}
	}
	harness.Eventually(t, "linkspan network rm shop_web", func() error {
		if r := l.TryCLI("network", "rm", "shop_web"); r.Exit != 0 && !strings.Contains(r.Err, "not found") {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
	l.Back(t, before)
}
