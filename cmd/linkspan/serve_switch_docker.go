// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os/exec"
	"strings"
	"time"

	"github.com/linkspan/linkspan/cnm/mirror"
)

// What --docker may be beside an address.
const (
	dockerAuto   = "auto"
	dockerNone   = "none"
	dockerSocket = "unix:///run/docker.sock"
)

// dockerRetry is how often a host without Docker is looked at for it.
const dockerRetry = 10 * time.Second

// dockerAddress returns where this host's dockerd is, and whether there is one.
// Installed counts as much as running: it may start after us, as at a boot.
func dockerAddress(asked string, installed func() bool) (string, bool) {
	switch asked {
	case dockerNone:
		return "", false
	case dockerAuto, "":
		return dockerSocket, installed()
	}
	return asked, true
}

func dockerInstalled() bool {
	for _, program := range []string{"dockerd", "/usr/sbin/dockerd", "/usr/local/sbin/dockerd", "/usr/bin/dockerd"} {
		if _, err := exec.LookPath(program); err == nil {
			return true
		}
	}
	return answersNow(strings.TrimPrefix(dockerSocket, "unix://"))
}

// awaitDocker has all be made anew when Docker comes to a host that had none.
func (h *host) awaitDocker(ctx context.Context) error {
	if h.engine != nil {
		return nil
	}
	for pause(ctx, dockerRetry) == nil {
		if _, has := dockerAddress(h.role.docker, dockerInstalled); has {
			h.role.log.Info("docker has come to this host")
			return errAnew
		}
	}
	return nil
}

// openDocker makes the engine, on a host that has one.
func (h *host) openDocker() {
	if address, has := dockerAddress(h.role.docker, dockerInstalled); has {
		h.engine = mirror.NewEngine(address)
	}
}

// dockerd is the engine as the mirror has it, nil on a host without.
func (h *host) dockerd() mirror.Docker {
	if h.engine == nil {
		return nil
	}
	return h.engine
}
