// SPDX-License-Identifier: Apache-2.0

package ovstest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// inside marks the second start of the test binary.
const inside = "LINKSPAN_TEST_NAMESPACE"

// Main runs m in namespaces of its own and returns the exit status. Without
// root it runs m where it is; tests that need more call Need.
func Main(m *testing.M) int {
	if os.Getenv(inside) != "" {
		if err := settle(); err != nil {
			fmt.Fprintln(os.Stderr, "test namespace:", err)
			return 1
		}
		return m.Run()
	}
	if os.Getuid() != 0 {
		return m.Run()
	}
	runtime.LockOSThread() // Pdeathsig follows the thread
	cmd := exec.CommandContext(context.Background(), "/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "test namespace:", err)
		return 1
	}
	return 0
}

// settle makes the new namespaces fit to work in. The test binary is process 1
// here: whatever it starts dies with it.
func settle() error {
	if os.Getpid() != 1 {
		return nil // a fuzz worker of the settled process
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("look up lo: %w", err)
	}
	return netlink.LinkSetUp(lo)
}

// Need skips the test, saying why, unless it runs in its own namespaces and
// all the named programs are installed.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	if os.Getenv(inside) == "" {
		t.Skip("needs root, to make namespaces")
	}
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("needs the program %s (Debian package openvswitch-switch, iproute2 or nftables)", p)
		}
	}
}
