// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"os"
	"os/exec"
	"testing"
)

// TestPlainCgroup2 runs another test where version 2 is the only control group
// hierarchy, as on newer machines.
func TestPlainCgroup2(t *testing.T) {
	if lacks := Preflight(); len(lacks) > 0 {
		t.Skipf("this machine lacks what a lab needs: %v", lacks)
	}
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		t.Skip("this machine has no other: every test is this one")
	}
	const script = `umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$0" "$@"`
	cmd := exec.Command("unshare", "--mount", "--propagation", "slave",
		"sh", "-c", script, os.Args[0], "-test.run=^TestDownLeavesNothing$", "-test.v")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
