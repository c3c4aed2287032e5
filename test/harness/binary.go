// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Variable names the program under test.
const Variable = "LINKSPAN_E2E"

// DockerdVariable names the dockerd of labs that want no other; empty: the installed one.
const DockerdVariable = "LINKSPAN_E2E_DOCKERD"

// Missing is why a test without the program is skipped.
const Missing = Variable + " is not set: make e2e builds the binary and sets it"

// Binary returns the program under test; ok is false when none is named.
func Binary() (path string, ok bool) {
	path = os.Getenv(Variable)
	return path, path != ""
}

// Skipper is the part of testing.TB that Need uses.
type Skipper interface {
	Helper()
	Skip(args ...any)
}

// Need skips the test when no program is named, and returns it otherwise.
func Need(t Skipper) string {
	t.Helper()
	path, ok := Binary()
	if !ok {
		t.Skip(Missing)
	}
	return path
}

// buildProbe builds test/probe, static, into dir.
func buildProbe(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "probe")
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", path, "github.com/linkspan/linkspan/test/probe")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the probe: %w: %s", err, out)
	}
	return path, nil
}
