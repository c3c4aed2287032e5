// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan/test/kernel/machine"
)

const (
	kernelVariable = "LINKSPAN_KERNEL" // the folder of the unpacked kernel
	binaryVariable = "LINKSPAN_E2E"    // the program under test
	guestVariable  = "LINKSPAN_GUEST"  // set inside of the machine

	// A machine that emulates on processors that others use as well.
	patience = 25 * time.Minute

	binaryPath = "/usr/bin/linkspan"
	probePath  = "/usr/bin/probe"
	enginePath = "/usr/sbin/patient-dockerd"
)

// programs are what a host needs, and what the story looks with.
func programs() []string {
	return []string{
		"ovsdb-server", "ovsdb-tool", "ovs-vswitchd", "ovs-vsctl", "ovs-ofctl", "ovs-appctl",
		"dockerd", "docker", "containerd", "containerd-shim-runc-v2", "runc", "nsenter", "iptables", "ip6tables",
	}
}

const (
	schema     = "/usr/share/openvswitch/vswitch.ovsschema"
	extensions = "/usr/lib/x86_64-linux-gnu/xtables" // of iptables, which Docker's resolver needs
)

// engine is dockerd with a containerd that it need not start: to its own it gives
// 15 seconds, which can be too short here, to one that is there a minute.
const engine = `#!/bin/sh
socket=/run/docker/containerd.sock
containerd --root /var/lib/docker/containerd/daemon --state /run/docker/containerd/daemon --address $socket &
exec dockerd --containerd=$socket "$@"
`

// TestKernel runs TestGuest on Debian's kernel.
func TestKernel(t *testing.T) {
	kernel, binary := os.Getenv(kernelVariable), os.Getenv(binaryVariable)
	if kernel == "" || binary == "" {
		t.Skip(kernelVariable + " is not set: make test-kernel sets it up")
	}
	if _, err := exec.LookPath("qemu-system-x86_64"); err != nil {
		t.Skip("qemu-system-x86_64 is missing: make test-kernel installs it")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	m := furnish(ctx, t, kernel, binary)
	command := guestVariable + "=" + m.Release() + " exec " + probePath +
		" -test.v -test.run '^TestGuest$' -test.timeout " + patience.String()
	steps := 0
	err := m.Boot(ctx, command, func(line string) {
		t.Log(line)
		step, ok := machine.ParseStep(line)
		if _, name, part := strings.Cut(step.Name, "/"); ok && part {
			steps++
			t.Run(name, func(t *testing.T) { adopt(t, step) })
		}
	})
	if err != nil {
		console, _ := os.ReadFile(m.Console())
		t.Fatalf("%v; the kernel's console:\n%s", err, console)
	}
	if want := len(story()); steps != want {
		t.Errorf("the machine told of %d steps, not of %d", steps, want)
	}
}

// adopt makes what happened to a step inside this test's own result.
func adopt(t *testing.T, step machine.Step) {
	switch step.Verdict {
	case machine.Fail:
		t.Errorf("failed after %s: see above", step.Took)
	case machine.Skip:
		t.Skip("skipped in the machine: see above")
	default:
		t.Log("took " + step.Took)
	}
}

// furnish puts everything on the machine's disk that a host needs.
func furnish(ctx context.Context, t *testing.T, kernel, binary string) *machine.Machine {
	t.Helper()
	m, err := machine.New(t.TempDir(), kernel)
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []error{
		m.Programs(ctx, programs()...),
		m.Program(ctx, own, probePath),
		m.Script(enginePath, engine),
		m.File(binary, binaryPath),
		m.File(schema, schema),
		m.Folder(extensions, extensions),
	} {
		if step != nil {
			t.Fatal(fmt.Errorf("furnish the machine: %w", step))
		}
	}
	return m
}
