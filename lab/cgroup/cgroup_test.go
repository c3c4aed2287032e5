// SPDX-License-Identifier: Apache-2.0

package cgroup

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const hybrid = `22 27 0:21 / /proc rw,relatime - proc proc rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu
41 31 0:38 / /sys/fs/cgroup/a\040b rw,relatime shared:1 master:2 - cgroup2 cgroup2 rw
`

func TestParseMounts(t *testing.T) {
	got, err := parseMounts(strings.NewReader(hybrid))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/a b"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzParseMounts(f *testing.F) {
	f.Add(hybrid)
	f.Add(" - cgroup")
	f.Fuzz(func(_ *testing.T, list string) { _, _ = parseMounts(strings.NewReader(list)) })
}

// TestRemove removes groups in groups, with a process in the innermost.
func TestRemove(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	points, err := Mounts()
	if err != nil || len(points) == 0 {
		t.Skipf("no control groups are mounted: %v", err)
	}
	name := "linkspan-test-" + strconv.Itoa(os.Getpid())
	inner := filepath.Join(points[0], name, "a", "b")
	if err := os.MkdirAll(inner, 0o755); err != nil {
		t.Skipf("control groups cannot be made: %v", err)
	}
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Skipf("no sleep program: %v", err)
	}
	member := []byte(strconv.Itoa(cmd.Process.Pid))
	moved := os.WriteFile(filepath.Join(inner, "cgroup.procs"), member, 0o644)
	if moved != nil {
		_ = cmd.Process.Kill()
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if err := Remove(t.Context(), "/"+name); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("the process in the group was not ended")
	}
	if _, err := os.Stat(filepath.Join(points[0], name)); !os.IsNotExist(err) {
		t.Errorf("group is left: %v", err)
	}
	if err := Remove(t.Context(), name); err != nil {
		t.Errorf("removed twice: %v", err)
	}
}

func TestRemoveRefusesTheRoot(t *testing.T) {
	for _, path := range []string{"", "/", "..", "a/../../b"} {
		if err := Remove(t.Context(), path); err == nil {
			t.Errorf("%q was accepted", path)
		}
	}
}
