// SPDX-License-Identifier: Apache-2.0

package docker_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
)

// insideVariable is set in the process that has namespaces of its own; its
// value is the name of the control group for what is started there.
const insideVariable = "LINKSPAN_TEST_INSIDE"

// inNamespaces runs the test in a process of its own, the first one of new
// process, mount and network namespaces with an empty /run: when it ends, all
// that it started and made is gone, whatever happened.
func inNamespaces(t *testing.T, run func(t *testing.T)) {
	t.Helper()
	if os.Getenv(insideVariable) != "" {
		separate(t)
		run(t)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root, to make namespaces")
	}
	for _, program := range []string{"dockerd", "docker", "containerd", "runc"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("needs %s, as in Debian's docker.io: %v", program, err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=9m")
	cmd.Env = append(os.Environ(), insideVariable+"="+cgroupParent(os.Getpid()))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	defer removeCgroups(t, cgroupParent(os.Getpid()))
	if err := cmd.Run(); err != nil {
		t.Errorf("in namespaces: %v", err)
	}
}

// cgroupParent names the control group of everything that the test with that
// process id starts. Control groups belong to no namespace of ours.
func cgroupParent(pid int) string { return fmt.Sprintf("linkspan-plugin-test-%d", pid) }

// removeCgroups removes the group from all hierarchies, the inner ones first.
func removeCgroups(t *testing.T, name string) {
	t.Helper()
	var groups []string
	for _, pattern := range []string{"/sys/fs/cgroup/", "/sys/fs/cgroup/*/"} {
		roots, _ := filepath.Glob(pattern + name)
		for _, root := range roots {
			_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
				if err == nil && entry.IsDir() {
					groups = append(groups, path)
				}
				return nil
			})
		}
	}
	slices.Reverse(groups)
	for _, group := range groups {
		if err := os.Remove(group); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Logf("control group stays: %v", err)
		}
	}
}

// separate makes mounts private and brings the loopback link up.
func separate(t *testing.T) {
	t.Helper()
	lo, err := netlink.LinkByName("lo")
	if err == nil {
		err = netlink.LinkSetUp(lo)
	}
	err = errors.Join(err,
		syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""),
		syscall.Mount("proc", "/proc", "proc", 0, ""),
		syscall.Mount("tmpfs", "/run", "tmpfs", 0, "mode=755"),
	)
	if err != nil {
		t.Fatalf("make namespaces: %v", err)
	}
}
