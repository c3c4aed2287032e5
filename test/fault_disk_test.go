// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

const stateDir = "/var/lib/linkspan"

// smallDisk puts a program's state on a file system of that size, in the node's
// own mount namespace.
func smallDisk(t *testing.T, l *harness.Lab, node, program, size string) {
	t.Helper()
	if err := l.Stop(t.Context(), node, program); err != nil {
		t.Fatal(err)
	}
	l.On(t, node, "sh", "-c", "mkdir -p /run/small && mount -t tmpfs -o size="+size+" tmpfs /run/small &&"+
		"cp -a "+stateDir+"/. /run/small && mount --move /run/small "+stateDir)
	if err := l.Start(t.Context(), node, program); err != nil {
		t.Fatal(err)
	}
}

func fillDisk(t *testing.T, l *harness.Lab, node string) {
	t.Helper()
	r := l.Try(node, "dd", "if=/dev/zero", "of="+stateDir+"/fill", "bs=4k")
	if !strings.Contains(r.Err, "No space left") {
		t.Fatalf("the disk did not get full: %v", r)
	}
}

// TestDiskOfControllerFull has the store refuse writes with a reason while what
// runs goes on, and take them again when there is space.
func TestDiskOfControllerFull(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2})
	l.Network(t, "full", "10.57.0.0/24")
	c1 := l.Run(t, "h1", "full1", "--network", "full")
	c2 := l.Run(t, "h2", "full2", "--network", "full")
	talk := l.Converse(t, "h1", "talker", "full", c2)
	smallDisk(t, l, "controller", "controller", "640m") // it does not start with less than 256 MiB left
	fillDisk(t, l, "controller")
	tries := 0
	harness.Eventually(t, "a change is refused for lack of space", func() error {
		tries++ // what was not refused yet may not be taken back, either
		r := l.TryCLI("network", "create", "--subnet", fmt.Sprintf("10.58.%d.0/24", tries%256), fmt.Sprint("try", tries))
		if r.Exit != 1 || !hasAll(r.Err, []string{"free disk space"}) {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
	if r := l.Try("h1", l.RunArgs("refused", "--network", "full")...); r.Exit == 0 || !hasAll(r.Err, []string{"full"}) {
		t.Errorf("docker run while the store is full: %v", r)
	}
	c2.Reaches(t, c1, "full") // new routes need no space
	l.CLI(t, "network", "ls")
	talk.GoesOn(t)
	l.On(t, "h1", "docker", "rm", "-f", "refused")
	l.On(t, "controller", "rm", stateDir+"/fill")
	harness.Eventually(t, "changes are taken again", func() error {
		return succeeded(l.TryCLI("network", "create", "--subnet", "10.60.0.0/24", "more"))
	})
	l.RemoveLater(t, "more")
	l.Shown(t, "more")
	newContainer(t, l, "h1", "full", c2)
}

func newContainer(t *testing.T, l *harness.Lab, host, network string, other *harness.Container) {
	t.Helper()
	c := l.Run(t, host, "fresh", "--network", network)
	c.Reaches(t, other, network)
	c.Remove(t)
}

// TestDiskOfSwitchFull has docker run fail with the reason and leave nothing,
// while what runs goes on and can be removed.
func TestDiskOfSwitchFull(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2})
	l.Network(t, "tight", "10.59.0.0/24", "--idle", "3s")
	before := l.Settled(t)
	c2 := l.Run(t, "h2", "tight2", "--network", "tight")
	c1 := l.Run(t, "h1", "tight1", "--network", "tight")
	talk := l.Converse(t, "h1", "talker", "tight", c2)
	smallDisk(t, l, "h1", "switch", "1m")
	fillDisk(t, l, "h1")
	refused := 0
	for i := 0; refused < 3 && i < 100; i++ { // the file has some room left
		name := fmt.Sprintf("tight%d", 10+i)
		r := l.Try("h1", l.RunArgs(name, "--network", "tight")...)
		if r.Exit != 0 {
			refused++
			if !hasAll(r.Err, []string{"no space left on device"}) {
				t.Errorf("%s: %v", name, r)
			}
		}
		defer l.Try("h1", "docker", "rm", "-f", name)
	}
	if refused == 0 {
		t.Error("no docker run was refused")
	}
	c1.Reaches(t, c2, "tight")
	talk.GoesOn(t)
	c1.Remove(t)
	l.On(t, "h1", "rm", stateDir+"/fill")
	newContainer(t, l, "h1", "tight", c2)
	l.On(t, "h1", "sh", "-c", "docker rm -f $(docker ps -aq)")
	c2.Remove(t)
	l.Back(t, before)
}
