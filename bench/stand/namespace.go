// SPDX-License-Identifier: Apache-2.0

package stand

import (
	"context"
	"fmt"
	"strings"
)

// Inside returns the path, outside of the lab, of a path on a host.
func (s *Stand) Inside(host, path string) (string, error) {
	socket, err := s.DockerSocket(host)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(socket, "/run/docker.sock") + path, nil
}

// Process returns the number, on its host, of a container's first process.
func (s *Stand) Process(ctx context.Context, host, container string) (string, error) {
	pid, _, err := s.Ask(ctx, host, "inspect", "--format", "{{.State.Pid}}", container)
	return pid, err
}

// Within returns what stands before a command that is to run in the network of a
// process of the same host.
func Within(pid string) string { return "nsenter -t " + pid + " -n " }

// Namespace returns the path, outside of the lab, of a container's network
// namespace.
func (s *Stand) Namespace(ctx context.Context, host, container string) (string, error) {
	pid, err := s.Process(ctx, host, container)
	if err != nil {
		return "", err
	}
	return s.Inside(host, fmt.Sprintf("/proc/%s/ns/net", pid))
}
