// SPDX-License-Identifier: Apache-2.0

package docker_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/linkspan/linkspan/cnm/docker"
)

func TestPingFindsThePlugin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "linkspan.sock")
	if err := docker.Ping(t.Context(), path); err == nil {
		t.Error("a plugin answers where there is none")
	}
	listener, err := docker.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	s := troubled(t, trouble{}, nil)
	go func() { served <- s.Serve(ctx, listener) }()
	defer func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	if err := docker.Ping(t.Context(), path); err != nil {
		t.Errorf("no answer: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := docker.Ping(t.Context(), path); err == nil {
		t.Error("a plugin answers whose socket file is gone")
	}
}
