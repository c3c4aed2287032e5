// SPDX-License-Identifier: Apache-2.0

package build_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
)

// Variables of the process that has namespaces of its own: the name of the control group
// for what is started there, and the folder of images.
const (
	insideVariable   = "LINKSPAN_TEST_INSIDE"
	archivesVariable = "LINKSPAN_TEST_ARCHIVES"
)

func inside() bool { return os.Getenv(insideVariable) != "" }

// inNamespaces runs the test in a process of its own, the first one of new process, mount and
// network namespaces, beside a dockerd: when it ends, all that it started is gone.
func inNamespaces(t *testing.T, archives string, run func(t *testing.T)) {
	t.Helper()
	if inside() {
		separate(t)
		daemon(t)
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
	group := fmt.Sprintf("linkspan-images-test-%d", os.Getpid())
	which := flag.Lookup("test.run").Value.String()
	if !strings.HasPrefix(which, t.Name()+"/") {
		which = "^" + t.Name() + "$"
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run="+which, "-test.v", "-test.timeout=15m")
	cmd.Env = append(os.Environ(), insideVariable+"="+group, archivesVariable+"="+archives)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID, Pdeathsig: syscall.SIGKILL}
	defer removeGroups(t, group)
	if err := cmd.Run(); err != nil {
		t.Errorf("in namespaces: %v", err)
	}
}

// removeGroups removes the control group from all hierarchies, the inner ones first.
func removeGroups(t *testing.T, name string) {
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
	err = errors.Join(err, syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""), syscall.Mount("proc", "/proc", "proc", 0, ""),
		syscall.Mount("tmpfs", "/run", "tmpfs", 0, "mode=755"))
	if err != nil {
		t.Fatalf("make namespaces: %v", err)
	}
}

// daemon starts dockerd and waits until it answers.
func daemon(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "dockerd.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("dockerd", "--data-root", filepath.Join(dir, "data"), "--exec-root", "/run/docker-exec", "-p", "/run/dockerd.pid", "-H", "unix:///run/docker.sock",
		"--bridge=none", "--iptables=false", "--ip6tables=false", "--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent=/"+os.Getenv(insideVariable))
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if ids, err := (engine{t}).try("ps", "-aq"); err == nil && ids != "" {
			_, _ = engine{t}.try(append([]string{"rm", "-fv"}, strings.Fields(ids)...)...)
		}
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		_ = log.Close()
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		if _, err := (engine{t}).try("version"); err == nil {
			return
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(log.Name())
			t.Fatalf("dockerd does not answer:\n%s", text)
		}
	}
}
