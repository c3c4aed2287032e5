// SPDX-License-Identifier: Apache-2.0

package mirror_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"github.com/linkspan/linkspan/cnm/mirror"
)

const composeFile = `version: "3.8"
services:
  api:
    image: busybox
    command: [/bin/busybox, "true"]
    networks: [web]
networks:
  web:
    driver: linkspan
    labels: {made.by: compose}
    driver_opts: {%s}
    ipam:
      driver: linkspan
      config:
        - subnet: 10.30.0.0/24
`

// Compose refuses a network that is not what its file says. The one that the
// mirror makes for a network of another host must pass, without a warning.
func (s *story) composed(t *testing.T) {
	if _, err := exec.LookPath("docker-compose"); err != nil {
		t.Skip("needs Debian's package docker-compose: ", err)
	}
	if !s.e.load(t) {
		t.Skip("needs Debian's package busybox-static, for an image")
	}
	for i, options := range []string{
		"",
		"linkspan.idle: 30s",
		"linkspan.idle: 1m",
		"linkspan.idle: 1h",
		`com.docker.network.driver.mtu: "1400", com.docker.network.container_iface_prefix: lan`,
	} {
		t.Run(options, func(t *testing.T) { s.compose(t, fmt.Sprintf("p%d", i), options) })
	}
	s.removed(t)
}

func (s *story) compose(t *testing.T, project, options string) {
	file := filepath.Join(t.TempDir(), "docker-compose.yml")
	if err := os.WriteFile(file, fmt.Appendf(nil, composeFile, options), 0o600); err != nil {
		t.Fatal(err)
	}
	up := func() {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "docker-compose", "-p", project, "-f", file, "up", "--no-start")
		cmd.Env = append(os.Environ(), "DOCKER_HOST="+s.e.host)
		out, err := cmd.CombinedOutput()
		if err != nil || strings.Contains(string(out), "changed") {
			t.Fatalf("compose up: %v\n%s", err, out)
		}
	}
	network := project + "_web"
	up()
	s.eventually(t, network+" is bound", s.bound(network))
	typed := s.e.find(network)
	if _, err := s.e.NetworkRemove(t.Context(), typed, client.NetworkRemoveOptions{}); err != nil {
		t.Fatal(err)
	}
	s.eventually(t, "the mirror makes it", func() bool { now := s.e.find(network); return now != "" && now != typed })
	s.eventually(t, network+" is bound again", s.bound(network))
	made := s.e.find(network)
	up()
	got, err := s.e.NetworkInspect(t.Context(), network, client.NetworkInspectOptions{})
	if err != nil || got.Network.ID != made || got.Network.Labels["made.by"] != "compose" || got.Network.Labels[mirror.LabelNetwork] == "" {
		t.Errorf("compose uses %+v, %v; want the mirror's", got.Network, err)
	}
}
